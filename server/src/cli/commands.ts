import { CHD_COMMANDS } from "./chd.ts";
import type { Command } from "./command.ts";
import { doctor } from "./doctor.ts";
import { hash } from "./hash.ts";
import { health } from "./health.ts";
import { scan } from "./scan.ts";
import { serve } from "./serve.ts";
import { tokenCreate } from "./token-create.ts";
import { userCreate } from "./user-create.ts";
import { userResetPassword } from "./user-reset-password.ts";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  serve,
  scan,
  userCreate,
  userResetPassword,
  tokenCreate,
  health,
  doctor,
  hash,
  ...CHD_COMMANDS,
];
