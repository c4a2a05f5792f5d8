import * as v from "valibot";
import { Id } from "../../base/schemas.ts";

/** A collection that holds a rom. */
export interface RomMembership {
  readonly id: number;
  readonly name: string;
}

export const RomMembershipSchema = v.object({ id: Id, name: v.string() });
