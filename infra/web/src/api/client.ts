import createClient from "openapi-fetch";
import { NoAnswer, problemOf } from "./problems";
import type { paths } from "./schema";
import { accessToken, refreshed } from "./session";

// What anybody may read is the same for all, and cached on the way: it is asked for without saying who asks.
const PUBLIC = /^\/v1\/(airports|flights|search|fare|consent|health|webpush)\b/;

/** The public API, typed by its OpenAPI document. `unwrap` what it answers. */
export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? "", fetch: send });

async function send(request: Request): Promise<Response> {
  const own = request.headers.has("Authorization");
  const anybodys = request.method === "GET" && PUBLIC.test(new URL(request.url).pathname);
  if (own || anybodys) return answered(request);
  const token = await accessToken();
  if (!token) return answered(request);
  const again = request.clone();
  request.headers.set("Authorization", `Bearer ${token}`);
  const response = await answered(request);
  if (response.status !== 401) return response;
  const next = await refreshed(token);
  if (!next) return response;
  again.headers.set("Authorization", `Bearer ${next}`);
  return answered(again);
}

async function answered(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (reason) {
    if (request.signal.aborted) throw reason;
    throw new NoAnswer("no answer", { cause: reason });
  }
}

/** What was answered. Throws `ApiProblem` where the API refuses, `NoAnswer` where nobody answers. */
export async function unwrap<T>(
  asked: Promise<{ data?: T; response: Response; error?: unknown }>,
): Promise<T> {
  const { data, error, response } = await asked;
  if (!response.ok) throw await problemOf(new Response(JSON.stringify(error ?? null), response));
  return data as T; // openapi-fetch leaves it out only where the answer has no body
}
