import * as v from "valibot";
import { SCOPES } from "./scopes.ts";

/** Largest id of an integer column; a larger number cannot exist and must not reach the database. */
const ID_MAX = 2_147_483_647;

/** A row id: a whole number from 1. */
export const Id = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(ID_MAX));

/** A list that its readers may not change. */
export const list = <const T extends v.GenericSchema>(item: T) => v.pipe(v.array(item), v.readonly());

/** A moment on the wire: ISO 8601 with an offset. */
export const InstantText = v.pipe(v.string(), v.isoTimestamp());

/** The database knows no year before 1, and not every text of the right form is a moment. */
const YEAR_ONE_MS = Date.parse("0001-01-01T00:00:00Z");
const isStorable = (text: string) => Date.parse(text) >= YEAR_ONE_MS;

/** A moment that a caller names. */
export const GivenMoment = v.pipe(
  InstantText,
  v.check(isStorable, "Input should be a moment after the year 1"),
);

/** A permission string. */
export const ScopeName = v.picklist(SCOPES);

/** No answer worth telling. */
export const Nothing = v.null();

/** An operation that takes nothing. */
export const NoInput = v.optional(v.strictObject({}), {});
