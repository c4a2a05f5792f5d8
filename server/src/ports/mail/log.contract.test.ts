import type { Log } from "../log/port.ts";
import { runMailContract } from "./contract.ts";
import { createLogMail } from "./log.ts";
import type { MailMessage } from "./port.ts";

runMailContract("the log", async () => {
  const lines: MailMessage[] = [];
  const log: Log = {
    debug: () => undefined,
    info: (_message, fields) => void lines.push(fields as unknown as MailMessage),
    warn: () => undefined,
    error: () => undefined,
    child: () => log,
  };
  const mail = createLogMail(log);
  return { mail, isSending: false, received: () => lines, close: () => mail.close() };
});
