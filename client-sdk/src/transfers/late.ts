import { MultitapError } from "../errors.ts";

/**
 * Waits for a part of the client that is loaded with its first use: many apps only list.
 * @throws MultitapError `network`: a page whose server is gone cannot load the rest of itself.
 */
export async function loadLate<T>(part: Promise<T>): Promise<T> {
  return await part.catch((cause: unknown) => {
    throw new MultitapError("network", "NETWORK_FAILED", {
      message: "A part of the client could not be loaded",
      cause,
    });
  });
}
