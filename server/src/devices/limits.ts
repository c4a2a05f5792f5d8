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
/** Characters of a device's id, name and host name. */
export const DEVICE_TEXT_CHARS_MAX = 255;
/** Characters of what a device says of its system and its app. */
export const DEVICE_WORD_CHARS_MAX = 50;
/** Characters of an IP address, and of a hardware address. */
export const IP_ADDRESS_CHARS_MAX = 45;
export const MAC_ADDRESS_CHARS_MAX = 17;
/** Characters of a device's sync settings as JSON: thousands of folders. */
export const SYNC_CONFIG_CHARS_MAX = 65_536;
/** How deep they may be nested. */
export const SYNC_CONFIG_DEPTH_MAX = 8;
