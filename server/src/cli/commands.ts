import { backup, backupVerify } from "./backup.ts";
import { CHD_COMMANDS } from "./chd.ts";
import type { Command } from "./command.ts";
import { doctor } from "./doctor.ts";
import { EXPORT_COMMANDS } from "./export.ts";
import { hash } from "./hash.ts";
import { health } from "./health.ts";
import { patch } from "./patch.ts";
import { restore } from "./restore.ts";
import { scan } from "./scan.ts";
import { serve } from "./serve.ts";
import { sync } from "./sync.ts";
import { tokenCreate } from "./token-create.ts";
import { upload } from "./upload.ts";
import { userCreate } from "./user-create.ts";
import { userResetPassword } from "./user-reset-password.ts";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  serve,
  scan,
  upload,
  sync,
  ...EXPORT_COMMANDS,
  userCreate,
  userResetPassword,
  tokenCreate,
  // The longer name first: the shorter one would answer for it.
  backupVerify,
  backup,
  restore,
  health,
  doctor,
  hash,
  patch,
  ...CHD_COMMANDS,
];
