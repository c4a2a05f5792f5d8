import { AppError } from "../base/errors.ts";

/** The one answer for a rom that does not exist or is hidden; clients match on its form. */
export function romNotFound(romId: number): AppError<"not_found"> {
  return new AppError("not_found", "ROMS_NOT_FOUND", { message: `Rom with id '${romId}' not found` });
}
