/** One field that the API refused: where it was (path, query, header, body), its name, and what is wrong with it. */
export type Fault = { in: string; name: string; detail: string };

/** The API answered with a problem (RFC 9457). */
export class ApiProblem extends Error {
  override name = "ApiProblem";

  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly errors: readonly Fault[] = [],
    /** Seconds after which to ask again, where the API said so. */
    readonly retryAfter?: number,
    /** Names the request in the API's log. */
    readonly instance?: string,
    /** What a program is told beside (RFC 9457, section 3.2), such as the price as it is by now. */
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail || title);
  }
}

/** Nobody answered: no network, or the API can't be reached. */
export class NoAnswer extends Error {
  override name = "NoAnswer";
}

/** The app itself knows why not, and says so in its own words: of the whole, or of fields by their names. */
export class Refused extends Error {
  override name = "Refused";

  constructor(
    message: string,
    readonly fields: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** The problem of an answer that is none of 2xx. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const told: unknown = await response.json().catch(() => null);
  const read = isRecord(told) ? told : {};
  const after = Number(response.headers.get("Retry-After"));
  return new ApiProblem(
    response.status,
    text(read.title) ?? response.statusText,
    text(read.detail) ?? "",
    Array.isArray(read.errors) ? read.errors.filter(isFault) : [],
    after > 0 ? after : undefined,
    text(read.instance),
    read,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isFault(value: unknown): value is Fault {
  return isRecord(value) && typeof value.name === "string" && typeof value.detail === "string";
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
