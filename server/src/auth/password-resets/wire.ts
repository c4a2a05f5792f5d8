/** Takes the name out of a JSON body; apps may send more, which is ignored. */
export function fromAskWire(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const { username } = body as Record<string, unknown>;
  return { username };
}

/** Takes token and new password out of a JSON body; apps may send more, which is ignored. */
export function fromResetWire(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const { token, new_password } = body as Record<string, unknown>;
  return { token, newPassword: new_password };
}
