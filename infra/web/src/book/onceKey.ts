// What is sent once more, after a reload too, has the same key, and so is done once (Idempotency-Key).
const KEPT = "gatecall.once.";
const memory = new Map<string, string>(); // where the browser keeps nothing

/** The key of what is sent for a purpose: the same for the same body, until `settled`. */
export async function onceKey(purpose: string, body: unknown): Promise<string> {
  const mark = await digest(JSON.stringify(body));
  const [known, key] = (read(purpose) ?? "").split(" ");
  if (known === mark && key) return key;
  const next = crypto.randomUUID();
  write(purpose, `${mark} ${next}`);
  return next;
}

/** It is known what became of it: the same once more is meant anew. */
export function settled(purpose: string): void {
  memory.delete(purpose);
  try {
    sessionStorage.removeItem(KEPT + purpose);
  } catch {
    // nothing is kept there
  }
}

async function digest(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(bytes.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function read(purpose: string): string | null {
  try {
    return sessionStorage.getItem(KEPT + purpose) ?? memory.get(purpose) ?? null;
  } catch {
    return memory.get(purpose) ?? null;
  }
}

function write(purpose: string, value: string): void {
  memory.set(purpose, value);
  try {
    sessionStorage.setItem(KEPT + purpose, value);
  } catch {
    // the page keeps it as long as it is open
  }
}
