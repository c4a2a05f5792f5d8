/** What stands for a secret. */
const MASK = "***";

const NAME =
  "[\\w.-]{0,40}(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|authorization|cookie|credential)s?[\\w-]{0,20}";
const VALUE = "\"[^\"\\n]*\"|'[^'\\n]*'|(?:bearer|basic|digest)\\s+[^\\s,;\"']+|[^\\s,;&\"'{}()[\\]]+";
const ASSIGNMENT = new RegExp(`(?<![\\w.-])(${NAME})\\\\?["']?(?:\\s?[=:]\\s?)\\\\?(?:${VALUE})`, "gi");
const PROOF = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi;
/** Our own tokens, and JSON Web Tokens, wherever they stand. */
const TOKEN = /\brmm_[\w-]{8,}|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;
const USER_INFO = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@:]{0,200}:[^\s/@]{0,200}@/gi;

/**
 * A text without the secrets that it names: `key=***`. Passwords and tokens are known by the names beside them,
 * by the scheme before them or by their own form.
 */
export function maskSecrets(text: string): string {
  return text
    .replaceAll(USER_INFO, `$1${MASK}@`)
    .replaceAll(ASSIGNMENT, `$1=${MASK}`)
    .replaceAll(PROOF, `$1 ${MASK}`)
    .replaceAll(TOKEN, MASK);
}
