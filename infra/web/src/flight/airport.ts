import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";

/** What is known of an airport: its name, and where it lies. Null where no airport has the code. */
export function useAirport(code: string | null | undefined) {
  return useQuery({
    queryKey: ["airport", code],
    enabled: Boolean(code),
    staleTime: Number.POSITIVE_INFINITY,
    meta: { kept: true },
    queryFn: async ({ signal }) => {
      const asked = { params: { query: { q: code ?? "", limit: 5 } }, signal };
      const { airports } = await unwrap(api.GET("/v1/airports", asked));
      return airports.find(({ iata, icao }) => iata === code || icao === code) ?? null;
    },
  });
}
