import type { User } from "../../users/contract.ts";
import { toUserWire } from "../../users/wire.ts";

/** Takes the fields of a registration out of a JSON body; apps may send more, which is ignored. */
export function fromRegisterWire(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const { username, password, email, token } = body as Record<string, unknown>;
  return { username, email, password, token };
}

/** The new account in the compatible shape. */
export function toRegisteredWire(user: User) {
  return toUserWire(user);
}
