import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type ParsedNode,
  parseDocument,
  Scalar,
  type ToStringOptions,
  YAMLMap,
  YAMLSeq,
} from "yaml";
import { AppError } from "../../base/errors.ts";
import { ALIAS_COUNT_MAX, LIBRARY_CONFIG_BYTES_MAX, LIBRARY_CONFIG_YAML } from "../../base/library-config.ts";
import type { SettingsEdit, SettingsPath } from "./port.ts";

type Doc = Document.Parsed<ParsedNode>;

/** Shown for every reason, since apps compare it; `details.reason` says which one it was. */
const NOT_WRITABLE = "Config file is not writable. Check config.yml permissions";

/** The failure of every change that did not come about. */
export function notWritable(reason: string, cause?: unknown): AppError<"conflict"> {
  return new AppError("conflict", "CONFIG_NOT_WRITABLE", {
    message: NOT_WRITABLE,
    details: { reason },
    cause,
  });
}

/**
 * The text of a settings file after some edits, one after the other. Lines that no edit touches stay as they are,
 * as far as they say one thing each; otherwise blanks may be arranged anew. Comments and unknown keys stay.
 * @returns The same text when there was nothing to change.
 * @throws AppError `CONFIG_NOT_WRITABLE` when the text cannot be read, or an edit would not come into force.
 */
export function editSettingsText(text: string, edits: readonly SettingsEdit[]): string {
  const isWindows = text.includes("\r\n");
  const before = isWindows ? text.replaceAll("\r\n", "\n") : text;
  const after = edits.reduce(editOnce, before);
  if (after === before) return text;
  return isWindows ? after.replaceAll("\n", "\r\n") : after;
}

function editOnce(before: string, edit: SettingsEdit): string {
  const [doc, plain] = [parse(before), parse(before)];
  if (!apply(doc, edit)) return before;
  const styles = orderStyles(plain, before);
  for (const style of styles) {
    const after = doc.toString(style);
    if (Buffer.byteLength(after) > LIBRARY_CONFIG_BYTES_MAX) throw notWritable("the file would be too large");
    // Between the lines of the file the changed ones may stand too far left or right; another style fits then.
    const close = keepLines({ before, untouched: plain.toString(style), after });
    if (close !== null && findObstacle(doc, close, edit) === null) return close;
  }
  const after = doc.toString(styles[0]);
  const obstacle = findObstacle(doc, after, edit);
  if (obstacle !== null) throw obstacle;
  return after;
}

interface Versions {
  readonly before: string;
  /** What the writer makes of the file without a change. */
  readonly untouched: string;
  readonly after: string;
}

/** Puts the lines of the file around the changed ones back; null when the writer has other words than the file. */
function keepLines({ before, untouched, after }: Versions): string | null {
  const [own, plain, changed] = [before.split("\n"), untouched.split("\n"), after.split("\n")];
  const lengthMin = Math.min(plain.length, changed.length);
  let head = 0;
  while (head < lengthMin && plain[head] === changed[head]) head += 1;
  let tail = 0;
  while (tail < lengthMin - head && plain.at(-1 - tail) === changed.at(-1 - tail)) tail += 1;
  const ownHead = takeSame(own, plain.slice(0, head));
  const ownTail = takeSame(own.toReversed(), plain.slice(plain.length - tail).toReversed())?.toReversed();
  if (ownHead === undefined || ownTail === undefined) return null;
  return [...ownHead, ...changed.slice(head, changed.length - tail), ...ownTail].join("\n");
}

/** The first lines of the file with as many characters, blanks aside, as the writer's; undefined for none. */
function takeSame(own: readonly string[], written: readonly string[]): readonly string[] | undefined {
  const weigh = (line: string) => line.replaceAll(/\s/g, "").length;
  let missing = written.reduce((sum, line) => sum + weigh(line), 0);
  let count = 0;
  for (; missing > 0 && count < own.length; count += 1) missing -= weigh(own[count] ?? "");
  // Empty lines belong to what they are written with.
  if (written.at(-1)?.trim() === "") while (own[count]?.trim() === "") count += 1;
  return missing === 0 ? own.slice(0, count) : undefined;
}

function parse(text: string): Doc {
  // A second document in the file is an error from this level on; it would be lost.
  const doc = parseDocument(text, { ...LIBRARY_CONFIG_YAML, logLevel: "error" }) as Doc;
  const [failure] = doc.errors;
  if (failure !== undefined) throw notWritable("the file holds an error", failure);
  return doc;
}

const STYLES: readonly ToStringOptions[] = [2, 4].flatMap((indent) =>
  [true, false].flatMap((indentSeq) =>
    [true, false].map((flowCollectionPadding) => ({
      indent,
      indentSeq,
      flowCollectionPadding,
      lineWidth: 0,
    })),
  ),
);

/** The styles, first the one in which the untouched file comes out most like it is. */
function orderStyles(doc: Doc, text: string): readonly ToStringOptions[] {
  const lines = new Set(text.split("\n"));
  const missesOf = (style: ToStringOptions) =>
    doc
      .toString(style)
      .split("\n")
      .filter((line) => !lines.has(line)).length;
  const rated = STYLES.map((style) => ({ style, misses: missesOf(style) }));
  return rated.sort((a, b) => a.misses - b.misses).map(({ style }) => style);
}

/** Tells whether the document is another one now. */
function apply(doc: Doc, edit: SettingsEdit): boolean {
  const parentPath = edit.path.slice(0, -1);
  const key = edit.path.at(-1) ?? "";
  const isRemoval = edit.kind === "unset" || edit.kind === "removeItem";
  const parent = isRemoval ? findMap(doc, parentPath) : makeMap(doc, parentPath);
  if (parent === null) return false;
  const present = parent.get(key, true) as Node | undefined;
  switch (edit.kind) {
    case "unset":
      return parent.delete(key);
    case "set":
      return setValue(parent, { key, present, value: edit.value });
    case "addItem": {
      const items = isNothing(present) ? [] : requireSeq(present).items;
      if (items.some((item) => readText(item) === edit.item)) return false;
      if (isNothing(present)) return setValue(parent, { key, present, value: [edit.item] });
      items.push(toScalar(edit.item));
      return true;
    }
    case "removeItem": {
      if (isNothing(present)) return false;
      const seq = requireSeq(present);
      const fold = (item: string | null) => (edit.isFolded ? item?.trim().toLowerCase() : item);
      const kept = seq.items.filter((item) => fold(readText(item)) !== fold(edit.item));
      if (kept.length === seq.items.length) return false;
      // An empty list in block style has no text of its own.
      if (kept.length === 0) seq.flow = true;
      seq.items = kept;
      return true;
    }
  }
}

function isNothing(node: Node | null | undefined): node is null | undefined | Scalar<null> {
  return node === undefined || node === null || (isScalar(node) && node.value === null);
}

function requireSeq(node: Node): YAMLSeq {
  if (isSeq(node)) return node;
  throw notWritable("there is no list where one is needed");
}

function requireMap(node: Node): YAMLMap {
  if (isMap(node)) return node;
  throw notWritable(
    isAlias(node) ? "the place is an alias of another one" : "there is no mapping where one is needed",
  );
}

function findMap(doc: Doc, path: SettingsPath): YAMLMap | null {
  let node: Node | null | undefined = doc.contents;
  for (const key of path) {
    if (isNothing(node)) return null;
    node = requireMap(node).get(key, true) as Node | undefined;
  }
  return isNothing(node) ? null : requireMap(node);
}

function makeMap(doc: Doc, path: SettingsPath): YAMLMap {
  if (isNothing(doc.contents)) (doc as Document).contents = new YAMLMap(doc.schema);
  let map = requireMap(doc.contents as Node);
  for (const key of path) {
    const child = map.get(key, true) as Node | undefined;
    if (isNothing(child)) {
      const made = new YAMLMap(doc.schema);
      copyComment(made, child);
      map.set(key, made);
      map = made;
    } else map = requireMap(child);
  }
  return map;
}

/** What stood beside an empty key stands above its first entry. */
function copyComment(made: YAMLMap, empty: Node | undefined): void {
  const comment = empty?.comment ?? empty?.commentBefore;
  if (comment) made.commentBefore = comment;
}

interface NewValue {
  readonly key: string;
  readonly present: Node | undefined;
  readonly value: string | boolean | readonly string[];
}

function setValue(parent: YAMLMap, { key, present, value }: NewValue): boolean {
  const made = toNode(value);
  if (isSeq(present) && isSeq(made)) made.flow = present.flow === true || made.items.length === 0;
  if (present?.comment) made.comment = present.comment;
  if (present?.commentBefore) made.commentBefore = present.commentBefore;
  const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === key);
  if (pair === undefined) parent.set(toScalar(key), made);
  else pair.value = made;
  return true;
}

function toNode(value: string | boolean | readonly string[]): Scalar | YAMLSeq {
  if (typeof value === "boolean") return new Scalar(value);
  if (typeof value === "string") return toScalar(value);
  const seq = new YAMLSeq();
  seq.items = value.map(toScalar);
  seq.flow = value.length === 0;
  return seq;
}

const SAFE_WORD = /^[A-Za-z_][\w-]*$/;
const OTHER_MEANING = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$/i;

/** Names are quoted unless every reader of YAML takes them for text: other programs read this file, too. */
function toScalar(text: string): Scalar<string> {
  const scalar = new Scalar(text);
  scalar.type = SAFE_WORD.test(text) && !OTHER_MEANING.test(text) ? Scalar.PLAIN : Scalar.QUOTE_DOUBLE;
  return scalar;
}

/** An item as our own reader takes it; null for one that is no text. */
function readText(item: unknown): string | null {
  const value = isScalar(item) ? item.value : item;
  return typeof value === "string" || typeof value === "boolean" || typeof value === "number"
    ? String(value)
    : null;
}

/** Nothing is written that would read otherwise than it was meant, whatever the file plays with. */
function findObstacle(doc: Doc, text: string, edit: SettingsEdit): AppError | null {
  try {
    const options = { maxAliasCount: ALIAS_COUNT_MAX };
    const again = parse(text);
    const isSame = Bun.deepEquals(doc.toJS(options), again.toJS(options), true);
    if (isSame && isInForce(again.toJS({ ...options, mapAsMap: true }), edit)) return null;
    return notWritable("the file says the same thing twice");
  } catch (cause) {
    return notWritable("the file holds an error", cause);
  }
}

function isInForce(values: unknown, edit: SettingsEdit): boolean {
  let found = values;
  for (const key of edit.path) found = found instanceof Map ? found.get(key) : undefined;
  if (edit.kind === "unset") return found === undefined;
  if (edit.kind === "set") return Bun.deepEquals(found, edit.value);
  const has = Array.isArray(found) && found.map(String).includes(edit.item);
  return has === (edit.kind === "addItem");
}
