import { ApiProblem, Refused } from "../api/problems";

/** What was asked for; where the API refuses a field that the app has `words` for, those are said in its place. */
export async function inOwnWords<T>(asked: Promise<T>, words: Readonly<Record<string, string>>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    const faults = error instanceof ApiProblem ? error.errors : [];
    const refused = Object.fromEntries(faults.map(({ name, detail }) => [name, words[name] ?? detail]));
    if (faults.some(({ name }) => name in words)) throw new Refused("", refused);
    throw error;
  }
}
