import type { SignInRefusal } from "./contract.ts";

/** The login page, told why the browser is there again. */
export function toLoginPath(pagePrefix: string, reason: SignInRefusal): string {
  return `${pagePrefix}/login?error=${reason}`;
}
