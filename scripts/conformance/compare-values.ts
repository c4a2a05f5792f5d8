/**
 * Compares a recorded JSON answer with ours, place by place, and learns from it which ids and tokens correspond.
 * The rule of values stands in `scripts/conformance.ts`.
 */
import type { Correspondence } from "./correspondence.ts";
import { type IdKind, kindBelow, kindOfEntity, kindOfName } from "./kinds.ts";
import { kindOf } from "./schema.ts";
import { type FindingKind, isList, isObject, type Json, type JsonObject, show } from "./types.ts";

/** A finding without the place where it was found. */
export interface Deviation {
  readonly what: FindingKind;
  readonly at: string;
  readonly ours: string;
  readonly theirs: string;
}

/** Where the walk is. */
interface Place {
  readonly at: string;
  /** The name of the field that holds this value, or this value's list. */
  readonly name: string;
  /** What the `id` of an object here counts. */
  readonly own: IdKind;
  /** What a number here counts. */
  readonly kind: IdKind;
}

/** Moments of the recording. */
const MOMENT = /(?:_at|_login|_active|_seen|_played|_modified)$/;
/** Secrets, codes, ids as text, and hashes of the recording's own files: one form, another value. */
const OPAQUE = /(?:^|_)(?:token|code|hash|device_id|upload_id)$/;
/** Ours is another program, and says so. */
const VERSION = "VERSION";
/** Lists whose order says nothing; that of the folders is the file system's. */
const SET = /(?:scopes|_ids|identifiers|FS_PLATFORMS)$/;
/** Lists that say back what was asked for: mostly ids of nothing, which were asked for as they are. */
const SAID_BACK = "failed_ids";
/** Rights are a set of objects. */
const GRANTS = "grants";
/** Fields by which the elements of a list are told apart, the first that all of them have. */
const NATURAL_KEYS = ["fs_name", "file_name", "username", "fs_slug", "slug", "region", "name"] as const;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface CompareOptions {
  readonly correspondence: Correspondence;
  /** What the `id` of the answer's own objects counts. */
  readonly kind: IdKind;
  /** Ids that were exchanged in the request, which messages may repeat. */
  readonly exchanged?: readonly (readonly [theirs: string, ours: string])[] | undefined;
}

/** The same place of both answers. */
interface Sides<T> {
  readonly theirs: T;
  readonly ours: T;
}

type Found = readonly Deviation[];

/** Every place at which our answer is not as the recorded one; nothing is learned from places that deviate. */
export function compareValues(theirs: Json, ours: Json, options: CompareOptions): Found {
  const isIdList = isList(theirs) && theirs.every((value) => typeof value === "number");
  const { kind: own } = options;
  const place = { at: "", name: isIdList ? "identifiers" : "", own, kind: isIdList ? own : null };
  return unique(compare({ theirs, ours }, place, options));
}

function deviate({ at }: Pick<Place, "at">, { theirs, ours }: Sides<Json | undefined>): Deviation {
  const what = theirs === undefined || ours === undefined ? "field" : "value";
  return { what, at, theirs: show(theirs), ours: show(ours) };
}

function compare({ theirs, ours }: Sides<Json | undefined>, place: Place, options: CompareOptions): Found {
  if (theirs === undefined) return [];
  if (ours === undefined) return [deviate(place, { theirs, ours })];
  if (isList(theirs) && isList(ours)) return compareLists({ theirs, ours }, place, options);
  if (isObject(theirs) && isObject(ours)) return compareObjects({ theirs, ours }, place, options);
  if (typeof theirs === "string" && typeof ours === "string") {
    return compareTexts({ theirs, ours }, place, options);
  }
  if (typeof theirs === "number" && typeof ours === "number") {
    return compareNumbers({ theirs, ours }, place, options);
  }
  return theirs === ours ? [] : [deviate(place, { theirs, ours })];
}

function compareObjects({ theirs, ours }: Sides<JsonObject>, place: Place, options: CompareOptions): Found {
  // These two are maps by platform.
  const isMap = /^(?:METADATA_COVERAGE|REGION_BREAKDOWN)$/.test(place.name);
  return Object.entries(theirs).flatMap(([name, value]) => {
    const ownId = isMap ? options.correspondence.findId("platform", Number(name)) : null;
    const below: Place = {
      at: place.at === "" ? name : `${place.at}.${name}`,
      name,
      own: kindBelow(name, place.own),
      kind: name === "entity_id" ? kindOfEntity(theirs.entity) : kindOfNumber(name, value, place),
    };
    return compare({ theirs: value, ours: ours[String(ownId ?? name)] }, below, options);
  });
}

/** A list of numbers is a list of ids when its name is that of things, as in `"platforms": [1, 2]`. */
function kindOfNumber(name: string, value: Json | undefined, place: Place): IdKind {
  return isList(value) ? (kindOfName(name, null) ?? kindBelow(name, null)) : kindOfName(name, place.own);
}

function compareLists(
  { theirs, ours }: Sides<readonly Json[]>,
  place: Place,
  options: CompareOptions,
): Found {
  const inside = { ...place, at: `${place.at}[]` };
  if (theirs.every(isScalar) && ours.every(isScalar))
    return compareScalars({ theirs, ours }, inside, options);
  if (place.name === GRANTS) return compareGrants({ theirs, ours }, inside);
  const key = findNaturalKey(theirs, ours);
  if (key !== null) return compareByKey({ theirs, ours }, inside, { ...options, key });
  // Elements that cannot be told apart and are not as many: nothing says which is which.
  if (theirs.length !== ours.length) return [deviate({ at: `${place.at}.length` }, { theirs, ours })];
  return theirs.flatMap((value, index) => compare({ theirs: value, ours: ours[index] }, inside, options));
}

/** Ids, scopes, words. Lists of the same length may teach ids that are not known yet, unless they have no order. */
function compareScalars(
  { theirs, ours }: Sides<readonly Json[]>,
  place: Place,
  options: CompareOptions,
): Found {
  const { correspondence } = options;
  const isSet = SET.test(place.name);
  const mayLearn = !isSet && theirs.length === ours.length;
  const translated = theirs.map((value, index): Json => {
    if (typeof value === "string") return correspondence.translate(value);
    if (typeof value !== "number") return value;
    const own = correspondence.findId(place.kind, value);
    if (own !== null) return own;
    if (place.name === SAID_BACK) return correspondence.toOurs(place.kind, value);
    const other = ours[index];
    if (!mayLearn || typeof other !== "number") return `unknown id ${value}`;
    correspondence.learnId(place.kind, value, other);
    return other;
  });
  const isSame = toText(translated, isSet) === toText(ours, isSet);
  return isSame ? [] : [deviate(place, { theirs: translated, ours })];
}

/** Grants hold words alone, no ids: each is as it is, or lacks. */
function compareGrants({ theirs, ours }: Sides<readonly Json[]>, place: Place): Found {
  const textOf = (grant: Json) =>
    isObject(grant) ? JSON.stringify(Object.entries(grant).sort()) : JSON.stringify(grant);
  const [theirTexts, ourTexts] = [theirs, ours].map((list) => new Set(list.map(textOf)));
  const lacking = theirs.filter((grant) => ourTexts?.has(textOf(grant)) === false);
  const extra = ours.filter((grant) => theirTexts?.has(textOf(grant)) === false);
  return lacking.length + extra.length === 0 ? [] : [deviate(place, { theirs: lacking, ours: extra })];
}

function compareByKey(
  { theirs, ours }: Sides<readonly Json[]>,
  place: Place,
  options: CompareOptions & { readonly key: string },
): Found {
  const [theirKeys = [], ourKeys = []] = [theirs, ours].map((list) => nameElements(list, options.key));
  const theirByKey = new Map(theirKeys.map((key, index) => [key, theirs[index]]));
  const ourByKey = new Map(ourKeys.map((key, index) => [key, ours[index]]));
  const keys = [...new Set([...theirKeys, ...ourKeys])];
  const found = keys.flatMap((key): Found => {
    const sides = { theirs: theirByKey.get(key), ours: ourByKey.get(key) };
    const isShared = sides.theirs !== undefined && sides.ours !== undefined;
    return isShared ? compare(sides, place, options) : [deviate({ at: `${place.at}{${key}}` }, sides)];
  });
  const [theirOrder = [], ourOrder = []] = [theirKeys, ourKeys].map((list) =>
    list.filter((key) => theirByKey.has(key) && ourByKey.has(key)),
  );
  if (theirOrder.join("\n") === ourOrder.join("\n")) return found;
  return [...found, deviate({ at: `${place.at}.order` }, { theirs: theirOrder, ours: ourOrder })];
}

/** The names of elements; those that differ in the moment of their upload alone are counted. */
function nameElements(list: readonly Json[], key: string): readonly string[] {
  const counts = new Map<string, number>();
  return list.map((value) => {
    const name = withoutMoments(isObject(value) ? show(value[key]) : show(value));
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count === 1 ? name : `${name} #${count}`;
  });
}

/** The address of a file's bytes has the id of the file in it. */
function translateFileUrl(text: string, correspondence: CompareOptions["correspondence"]): string {
  const withFile = text.replace(/^\/api\/roms\/(\d+)\/files\//, (whole, id: string) => {
    const own = correspondence.findId("file", Number(id));
    return own === null ? whole : `/api/roms/${own}/files/`;
  });
  return withFile.replace(/^\/api\/(save|state|screenshot)s\/(\d+)\//, (whole, kind: string, id: string) => {
    const own = correspondence.findId(kind, Number(id));
    return own === null ? whole : `/api/${kind}s/${own}/`;
  });
}

/** A slot puts the moment of an upload into a name. */
const SLOT_MOMENT = / \[\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}\]/g;
/** The address of a user's file says when it changed. */
const CHANGED_AT = /^(\/api\/(?:saves|states|screenshots)\/\d+\/content\?timestamp=)\d{4}-.+$/;

/** A text without the moments that are another in every run. */
function withoutMoments(text: string): string {
  return text.replaceAll(SLOT_MOMENT, " [moment]").replace(CHANGED_AT, "$1moment");
}

function compareTexts({ theirs, ours }: Sides<string>, place: Place, options: CompareOptions): Found {
  if (MOMENT.test(place.name) || place.name === VERSION) return [];
  const { correspondence, exchanged = [] } = options;
  const isOpaque = OPAQUE.test(place.name) || (UUID.test(theirs) && UUID.test(ours));
  if (isOpaque && (theirs === "") === (ours === "")) {
    const known = UUID.test(theirs) ? correspondence.findText(theirs) : null;
    if (known === null) correspondence.learnText(theirs, ours);
    return known === null || known === ours ? [] : [deviate(place, { theirs, ours })];
  }
  const translated = translateFileUrl(correspondence.translate(theirs), correspondence);
  const own = withoutMoments(ours);
  const candidates = [translated, exchangeIds(translated, exchanged)].map(withoutMoments);
  const isSame = candidates.includes(own);
  return isSame ? [] : [deviate(place, { theirs, ours })];
}

function compareNumbers({ theirs, ours }: Sides<number>, place: Place, options: CompareOptions): Found {
  const known = options.correspondence.findId(place.kind, theirs);
  if (known === null) options.correspondence.learnId(place.kind, theirs, ours);
  if (known === null || known === ours) return [];
  const note = known === theirs ? show(theirs) : `${theirs}, which is our ${known}`;
  return [{ what: "value", at: place.at, theirs: note, ours: show(ours) }];
}

function exchangeIds(text: string, exchanged: NonNullable<CompareOptions["exchanged"]>): string {
  return exchanged.reduce(
    (result, [theirs, ours]) => result.replaceAll(new RegExp(`\\b${theirs}\\b`, "g"), ours),
    text,
  );
}

/**
 * The field that tells all elements of both lists apart; null when there is none, or nothing to tell apart. Lists
 * of the same length without a name in common are the same things under other names, and go by place.
 */
function findNaturalKey(theirs: readonly Json[], ours: readonly Json[]): string | null {
  const valuesOf = (list: readonly Json[], key: string) =>
    list.map((value) => (isObject(value) ? value[key] : undefined));
  const isUnique = (list: readonly Json[], key: string) => {
    const values = valuesOf(list, key);
    return values.every((value) => typeof value === "string") && new Set(values).size === list.length;
  };
  if (theirs.length === 0) return null;
  const found = NATURAL_KEYS.find((key) => isUnique(theirs, key) && isUnique(ours, key));
  if (found === undefined) return null;
  const ourNames = new Set(nameElements(ours, found));
  const isRenamed =
    theirs.length === ours.length && !nameElements(theirs, found).some((name) => ourNames.has(name));
  return isRenamed ? null : found;
}

function isScalar(value: Json): boolean {
  return !isObject(value) && !isList(value);
}

function toText(values: readonly Json[], isSet: boolean): string {
  const texts = values.map((value) => JSON.stringify(value));
  return (isSet ? texts.sort() : texts).join();
}

function unique(deviations: readonly Deviation[]): readonly Deviation[] {
  return [...new Map(deviations.map((one) => [JSON.stringify(one), one])).values()];
}

/**
 * Compares the lists of faults of two refusals (status 422): which inputs are refused, and that each fault has the
 * fields that apps read. The words depend on the validator and are not compared.
 */
export function compareRefusals(theirs: readonly Json[], ours: readonly Json[]): readonly Deviation[] {
  const placesOf = (faults: readonly Json[]) =>
    faults
      .map((fault) => (isObject(fault) && isList(fault.loc) ? fault.loc.slice(0, 2).join(".") : "?"))
      .sort();
  const [theirPlaces, ourPlaces] = [placesOf(theirs), placesOf(ours)];
  const places: readonly Deviation[] =
    theirPlaces.join() === ourPlaces.join()
      ? []
      : [{ what: "value", at: "detail[].loc", theirs: theirPlaces.join(", "), ours: ourPlaces.join(", ") }];
  const lacking = ["type", "loc", "msg", "input"].filter((name) =>
    ours.some((fault) => !isObject(fault) || (kindOf(fault[name] ?? null) === "null" && !(name in fault))),
  );
  const fields = lacking.map(
    (name): Deviation => ({ what: "field", at: `detail[].${name}`, theirs: "there", ours: "absent" }),
  );
  return [...places, ...fields];
}
