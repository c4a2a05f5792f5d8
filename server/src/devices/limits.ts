/** Browsers remembered per account; beyond it the ones unseen for longest go. */
export const WEB_DEVICES_MAX = 100;
/** Devices of one account, browsers included; nobody has a tenth of that. */
export const DEVICES_PER_USER_MAX = 1_000;
/** Characters of a browser's identifier and of a user agent that is looked at. */
export const USER_AGENT_CHARS_MAX = 512;
/** Milliseconds between two writes of a device's last sign of life. */
export const LAST_SEEN_INTERVAL_MS = 300_000;
/** Devices whose last sign of life is kept in memory. */
export const DEVICES_REMEMBERED_MAX = 10_000;
