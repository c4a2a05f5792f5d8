/** Letters and digits that nobody mixes up: no I, L and O, no 0 and 1. */
const ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";
const CODE_CHARS = 8;
const CODE = new RegExp(`^[${ALPHABET}]{${CODE_CHARS}}$`);
/** Bytes below this stand for every letter equally often. */
const FAIR_BYTES = 256 - (256 % ALPHABET.length);

/** Makes a short code for people to read and type. */
export function createCode(): string {
  let code = "";
  while (code.length < CODE_CHARS) {
    for (const byte of crypto.getRandomValues(new Uint8Array(CODE_CHARS))) {
      if (byte < FAIR_BYTES && code.length < CODE_CHARS) code += ALPHABET[byte % ALPHABET.length] ?? "";
    }
  }
  return code;
}

/**
 * Reads a code as somebody typed it: in any case, with dashes and spaces.
 * @returns Null for what cannot be a code.
 */
export function parseCode(text: string): string | null {
  const code = text.replace(/[-\s]/g, "").toUpperCase();
  return CODE.test(code) ? code : null;
}
