import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";

/** The legs that fly under a number on a date (YYYY-MM-DD, where it sets out): none, one or several. */
export function numbered(number: string, date: string) {
  return queryOptions({
    queryKey: ["flights", number, date],
    enabled: number !== "",
    queryFn: ({ signal }) => unwrap(api.GET("/v1/flights", { params: { query: { number, date } }, signal })),
  });
}
