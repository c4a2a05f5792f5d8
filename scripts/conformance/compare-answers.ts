/** Compares a whole recorded answer with ours: status, headers, body. */
import { type CompareOptions, compareRefusals, compareValues, type Deviation } from "./compare-values.ts";
import type { Correspondence } from "./correspondence.ts";
import { type AnswerRecord, isList, isObject, type Json, show } from "./types.ts";

/** An answer of our server. */
export interface OurAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly bytes: Uint8Array;
  /** The parsed body; undefined when it is not JSON. */
  readonly json: Json | undefined;
}

/** Headers that clients read and that depend on input alone. */
const COMPARED = [
  "content-type",
  "www-authenticate",
  "content-range",
  "accept-ranges",
  "content-disposition",
  "allow",
  "location",
  "retry-after",
] as const;
/** Headers that must be there when theirs are, whatever they say. */
const PRESENT = ["etag", "last-modified"] as const;

function headerOf(headers: AnswerRecord["headers"], name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

/** Everything in which our answer deviates; after another status the rest is not looked at. */
export function compareAnswers(
  theirs: AnswerRecord,
  ours: OurAnswer,
  options: CompareOptions & { readonly uploaded: ReadonlySet<string> },
): readonly Deviation[] {
  if (theirs.status !== ours.status) {
    const said = isObject(ours.json) ? ` ${show(ours.json.detail)}` : "";
    return [{ what: "status", at: "", theirs: String(theirs.status), ours: `${ours.status}${said}` }];
  }
  return [
    ...compareHeaders(theirs, ours),
    ...compareCookies(theirs, ours, options.correspondence),
    ...compareBodies(theirs, ours, options),
  ];
}

function compareHeaders(theirs: AnswerRecord, ours: OurAnswer): readonly Deviation[] {
  const deviations: Deviation[] = [];
  for (const name of COMPARED) {
    const [theirValue, ourValue] = [headerOf(theirs.headers, name), headerOf(ours.headers, name)];
    if (theirValue === undefined || normalise(name, theirValue) === normalise(name, ourValue)) continue;
    deviations.push({ what: "header", at: name, theirs: theirValue, ours: ourValue ?? "absent" });
  }
  for (const name of PRESENT) {
    if (headerOf(theirs.headers, name) === undefined || headerOf(ours.headers, name) !== undefined) continue;
    deviations.push({ what: "header", at: name, theirs: "there", ours: "absent" });
  }
  return deviations;
}

/** Case of `utf-8`, order of methods and a charset that JSON has anyway make no difference. */
function normalise(name: string, value: string | undefined): string {
  if (value === undefined) return "";
  if (name === "allow") return value.split(/,\s*/).sort().join();
  return name === "content-type" ? (value.split(";")[0] ?? "") : value.replace(/UTF-8''/i, "UTF-8''");
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  /** Names of attributes; values only where a browser acts on the word. */
  readonly attributes: string;
}

function readCookies(headers: AnswerRecord["headers"]): readonly Cookie[] {
  return headers
    .filter(([name]) => name.toLowerCase() === "set-cookie")
    .map(([, text]) => {
      const [pair = "", ...attributes] = text.split(/;\s*/);
      const at = pair.indexOf("=");
      const words = attributes.map((word) => word.toLowerCase().replace(/^(max-age|expires)=.*$/, "$1"));
      return { name: pair.slice(0, at), value: pair.slice(at + 1), attributes: words.sort().join("; ") };
    });
}

/** Cookies are compared by name and attributes, and their values learned for later requests. */
function compareCookies(
  theirs: AnswerRecord,
  ours: OurAnswer,
  correspondence: Correspondence,
): readonly Deviation[] {
  const ourCookies = readCookies(ours.headers);
  return readCookies(theirs.headers).flatMap((cookie): readonly Deviation[] => {
    const own = ourCookies.find(({ name }) => name === cookie.name);
    if (own !== undefined) correspondence.learnText(cookie.value, own.value);
    if (own?.attributes === cookie.attributes) return [];
    const at = `set-cookie ${cookie.name}`;
    return [{ what: "header", at, theirs: cookie.attributes, ours: own?.attributes ?? "absent" }];
  });
}

function compareBodies(
  theirs: AnswerRecord,
  ours: OurAnswer,
  options: CompareOptions & { readonly uploaded: ReadonlySet<string> },
): readonly Deviation[] {
  if (theirs.json !== undefined) return compareJson(theirs.json, ours, options);
  if (theirs.text !== undefined) {
    const text = new TextDecoder().decode(ours.bytes);
    const isSame = options.correspondence.translate(theirs.text) === text;
    return isSame ? [] : [{ what: "value", at: "", theirs: show(theirs.text), ours: show(text) }];
  }
  if (theirs.bytes !== undefined) return compareBytes(theirs.bytes, ours, options.uploaded);
  // Of HEAD the announced length is all that there is.
  const announced = headerOf(theirs.headers, "content-length");
  const own = headerOf(ours.headers, "content-length");
  if (announced !== undefined && announced !== "0" && announced !== own) {
    return [{ what: "header", at: "content-length", theirs: announced, ours: own ?? "absent" }];
  }
  const found = ours.bytes.length;
  return found === 0 ? [] : [{ what: "value", at: "", theirs: "no body", ours: `${found} bytes` }];
}

function compareJson(theirs: Json, ours: OurAnswer, options: CompareOptions): readonly Deviation[] {
  if (ours.json === undefined) {
    return [{ what: "field", at: "", theirs: show(theirs), ours: `${ours.bytes.length} bytes, not JSON` }];
  }
  const [theirFaults, ourFaults] = [faultsOf(theirs), faultsOf(ours.json)];
  if (ours.status === 422 && theirFaults !== null && ourFaults !== null) {
    return compareRefusals(theirFaults, ourFaults);
  }
  return compareValues(theirs, ours.json, options);
}

function faultsOf(body: Json): readonly Json[] | null {
  return isObject(body) && isList(body.detail) ? body.detail : null;
}

/** Files of the recording are not ours, so their length counts; what the replay itself sent must come back. */
function compareBytes(
  theirs: NonNullable<AnswerRecord["bytes"]>,
  ours: OurAnswer,
  uploaded: ReadonlySet<string>,
): readonly Deviation[] {
  if (theirs.length !== ours.bytes.length) {
    return [{ what: "value", at: "length", theirs: String(theirs.length), ours: String(ours.bytes.length) }];
  }
  if (!uploaded.has(theirs.sha256)) return [];
  const sha256 = new Bun.CryptoHasher("sha256").update(ours.bytes).digest("hex");
  return sha256 === theirs.sha256
    ? []
    : [{ what: "value", at: "sha256", theirs: theirs.sha256, ours: sha256 }];
}
