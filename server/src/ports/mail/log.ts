import { AppError } from "../../base/errors.ts";
import type { Log } from "../log/port.ts";
import type { Mail } from "./port.ts";

/** Makes the mail of a server without a mail server: each message becomes a line of the log. */
export function createLogMail(log: Log): Mail {
  let isClosed = false;
  return {
    isSending: false,
    async send({ to, subject, text }) {
      if (isClosed) throw new AppError("upstream", "MAIL_FAILED", { message: "The server stops" });
      log.info("a message for somebody, as no mail server is set", { to, subject, text });
    },
    async close() {
      isClosed = true;
    },
  };
}
