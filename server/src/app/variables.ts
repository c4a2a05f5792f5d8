import { RELAY_ROOM_VARIABLES } from "./relay-room-variables.data.ts";
import { NETPLAY_VARIABLES } from "./variables-netplay.ts";

/** How the text of an environment variable is read. */
export type VariableKind = "text" | "flag" | "int" | "port" | "secret" | "list" | "level" | "folder";

export interface Variable {
  readonly kind: VariableKind;
  /** As text, the way an operator would write it; null means unset. */
  readonly fallback: string | null;
  readonly meaning: string;
  /** Smallest and largest value of a number. */
  readonly range?: readonly [number, number];
  /** The only texts that are accepted. */
  readonly accepts?: readonly string[];
}

/**
 * Every environment variable the server reads; README's table is generated from it. Each can also be given
 * as `NAME_FILE`, naming a file that holds the value. RomM's names keep RomM's meaning.
 */
export const VARIABLES = {
  ROMM_BASE_PATH: {
    kind: "folder",
    fallback: null,
    meaning:
      "Folder that holds library, resources, assets, config and the embedded database; `./data` in a checkout, `/romm` in the image.",
  },
  ROMM_HOST: { kind: "text", fallback: "0.0.0.0", meaning: "Address to listen on; `::` is IPv6 and IPv4." },
  ROMM_PORT: {
    kind: "port",
    fallback: "8080",
    meaning: "Port to listen on; 0 takes any free one and prints it.",
  },
  ROMM_BASE_URL: { kind: "text", fallback: null, meaning: "Public address, used for every absolute link." },
  ROMM_AUTH_SECRET_KEY: {
    kind: "secret",
    fallback: null,
    meaning: "Signing key; generated and kept on first start when unset.",
  },
  ROMM_DB_DRIVER: {
    kind: "text",
    fallback: null,
    meaning: "`embedded` or `postgresql`; follows from the other settings when unset.",
    accepts: ["embedded", "postgresql", "mariadb", "mysql"],
  },
  DATABASE_URL: { kind: "secret", fallback: null, meaning: "External PostgreSQL 15 or newer, as a URL." },
  DB_HOST: { kind: "text", fallback: null, meaning: "External PostgreSQL, when no DATABASE_URL is given." },
  DB_PORT: { kind: "port", fallback: "5432", meaning: "Its port." },
  DB_USER: { kind: "text", fallback: "romm", meaning: "Its user." },
  DB_PASSWD: { kind: "secret", fallback: null, meaning: "Its password." },
  DB_NAME: { kind: "text", fallback: "romm", meaning: "Its database." },
  REDIS_URL: {
    kind: "secret",
    fallback: null,
    meaning: "Redis for what expires; without it PostgreSQL keeps that too.",
  },
  REDIS_HOST: { kind: "text", fallback: null, meaning: "Redis, when no REDIS_URL is given." },
  REDIS_PORT: { kind: "port", fallback: "6379", meaning: "Its port." },
  REDIS_USERNAME: { kind: "text", fallback: null, meaning: "Its user." },
  REDIS_PASSWORD: { kind: "secret", fallback: null, meaning: "Its password." },
  REDIS_DB: { kind: "int", fallback: "0", meaning: "Its database number.", range: [0, 1_000_000] },
  REDIS_SSL: { kind: "flag", fallback: "false", meaning: "Speak TLS to it." },
  SESSION_MAX_AGE_SECONDS: {
    kind: "int",
    fallback: "1209600",
    meaning: "Life of a login session.",
    range: [60, 34_560_000],
  },
  OAUTH_ACCESS_TOKEN_EXPIRE_SECONDS: {
    kind: "int",
    fallback: "1800",
    meaning: "Life of an access token.",
    range: [10, 31_536_000],
  },
  OAUTH_REFRESH_TOKEN_EXPIRE_SECONDS: {
    kind: "int",
    fallback: "604800",
    meaning: "Life of a refresh token.",
    range: [60, 34_560_000],
  },
  INVITE_TOKEN_EXPIRY_SECONDS: {
    kind: "int",
    fallback: "600",
    meaning: "Life of an invite link that names none of its own.",
    range: [10, 31_536_000],
  },
  DISABLE_CSRF_PROTECTION: { kind: "flag", fallback: "false", meaning: "Turn the CSRF check off." },
  DISABLE_DOWNLOAD_ENDPOINT_AUTH: {
    kind: "flag",
    fallback: "false",
    meaning: "Let anyone download roms and firmware.",
  },
  ROMM_CORS_ALLOWED_ORIGINS: {
    kind: "list",
    fallback: "*",
    meaning: "Origins that may call from a browser, separated by commas.",
  },
  ROMM_SESSION_SECURE_COOKIE: { kind: "flag", fallback: "false", meaning: "Mark cookies for HTTPS only." },
  KIOSK_MODE: { kind: "flag", fallback: "false", meaning: "Let visitors read without an account." },
  DISABLE_SETUP_WIZARD: {
    kind: "flag",
    fallback: "false",
    meaning: "Say in the heartbeat that there is no setup wizard.",
  },
  DISABLE_USERPASS_LOGIN: {
    kind: "flag",
    fallback: "false",
    meaning: "Hide and refuse the password login of browsers; apps keep theirs.",
  },
  OIDC_ENABLED: { kind: "flag", fallback: "false", meaning: "Sign in by an OpenID Connect provider." },
  OIDC_AUTOLOGIN: { kind: "flag", fallback: "false", meaning: "Go to the provider without asking." },
  OIDC_ALLOW_REGISTRATION: {
    kind: "flag",
    fallback: "true",
    meaning: "Make accounts for people the provider knows and we do not.",
  },
  OIDC_PROVIDER: { kind: "text", fallback: null, meaning: "Name of the provider, for the login page." },
  OIDC_CLIENT_ID: { kind: "text", fallback: null, meaning: "Our client id at the provider." },
  OIDC_CLIENT_SECRET: {
    kind: "secret",
    fallback: null,
    meaning: "Our secret there; a public client has none.",
  },
  OIDC_REDIRECT_URI: {
    kind: "text",
    fallback: null,
    meaning: "Where the provider sends people back: `<ROMM_BASE_URL>/api/oauth/openid`.",
  },
  OIDC_SERVER_APPLICATION_URL: {
    kind: "text",
    fallback: null,
    meaning: "Issuer; its discovery document is below `/.well-known/openid-configuration`.",
  },
  OIDC_SERVER_METADATA_URL: {
    kind: "text",
    fallback: null,
    meaning: "The discovery document, when it is elsewhere.",
  },
  OIDC_CLAIM_ROLES: {
    kind: "text",
    fallback: null,
    meaning: "Claim that holds roles, also asked for as a scope; a path such as `realm_access.roles` works.",
  },
  OIDC_ROLE_VIEWER: {
    kind: "text",
    fallback: null,
    meaning: "Role of viewers in that claim; `*` for anybody.",
  },
  OIDC_ROLE_EDITOR: { kind: "text", fallback: null, meaning: "Role of editors in that claim." },
  OIDC_ROLE_ADMIN: { kind: "text", fallback: null, meaning: "Role of administrators in that claim." },
  OIDC_USERNAME_ATTRIBUTE: {
    kind: "text",
    fallback: "preferred_username",
    meaning: "Claim that becomes the user name.",
  },
  OIDC_TLS_CACERTFILE: {
    kind: "text",
    fallback: null,
    meaning: "File with the certificate authority of the provider.",
  },
  OIDC_RP_INITIATED_LOGOUT: { kind: "flag", fallback: "false", meaning: "Also sign out at the provider." },
  OIDC_END_SESSION_ENDPOINT: {
    kind: "text",
    fallback: null,
    meaning: "Where one signs out there, when discovery does not say.",
  },
  MULTITAP_SMTP_URL: {
    kind: "secret",
    fallback: null,
    meaning: "Mail server, `smtp://user:password@host:port` or `smtps://`; unset writes links to the log.",
  },
  MULTITAP_MAIL_FROM: {
    kind: "text",
    fallback: null,
    meaning: "Sender of mails; needed with MULTITAP_SMTP_URL.",
  },
  DISABLE_LOGS_VIEWER: { kind: "flag", fallback: "false", meaning: "Hide the log viewer." },
  DISABLE_EMULATOR_JS: { kind: "flag", fallback: "false", meaning: "Hide the EmulatorJS player." },
  DISABLE_RUFFLE_RS: { kind: "flag", fallback: "false", meaning: "Hide the Ruffle player." },
  YOUTUBE_BASE_URL: {
    kind: "text",
    fallback: "https://www.youtube.com",
    meaning: "Where the web page embeds videos from.",
  },
  TINFOIL_WELCOME_MESSAGE: {
    kind: "text",
    fallback: "RomM Switch Library",
    meaning: "What Tinfoil shows when it has read the list of Switch files.",
  },
  SCAN_WORKERS: {
    kind: "int",
    fallback: null,
    meaning: "Hashing workers; one per core when unset.",
    range: [1, 64],
  },
  SEVEN_ZIP_TIMEOUT: {
    kind: "int",
    fallback: "60",
    meaning:
      "Seconds 7-Zip may be silent before its archive is hashed as it is; a large one may take longer.",
    range: [1, 86_400],
  },
  ROM_PATCHER_TIMEOUT: {
    kind: "int",
    fallback: "120",
    meaning: "Seconds that applying one patch to a rom may take.",
    range: [1, 86_400],
  },
  ROM_PATCHER_MAX_FILE_SIZE_BYTES: {
    kind: "int",
    fallback: "4294967296",
    meaning: "Largest rom, patch and patched rom.",
    range: [1, 1_099_511_627_776],
  },
  ROM_PATCHER_MAX_CONCURRENCY: {
    kind: "int",
    fallback: "2",
    meaning: "Patches that are applied at the same time.",
    range: [1, 64],
  },
  MULTITAP_SEVEN_ZIP: {
    kind: "text",
    fallback: null,
    meaning: "The 7-Zip to run; the system's `7zz` or `7z`, else the one that comes with us, when unset.",
  },
  ROMM_TMP_PATH: {
    kind: "folder",
    fallback: null,
    meaning: "Folder in which uploads wait, in `tmp`; the resources folder when unset.",
  },
  MAX_ASSET_UPLOAD_SIZE_BYTES: {
    kind: "int",
    fallback: "536870912",
    meaning: "Largest save, state or screenshot that is taken; 0 sets no limit.",
    range: [0, 1_099_511_627_776],
  },
  MAX_AUTOCLEANUP_LIMIT: {
    kind: "int",
    fallback: "100",
    meaning: "Most versions of a slot that an upload may ask to keep when it cleans up.",
    range: [1, 10_000],
  },
  MULTITAP_TMP: {
    kind: "folder",
    fallback: null,
    meaning: "Folder for what is unpacked while it is hashed; the system's own when unset.",
  },
  ENABLE_SYNC_FOLDER_WATCHER: {
    kind: "flag",
    fallback: "false",
    meaning: "Watch the folders of devices that sync by files, in `sync` below the base folder.",
  },
  ENABLE_SYNC_PUSH_PULL: {
    kind: "flag",
    fallback: "false",
    meaning: "Sync devices that are reached by SSH at the times of SYNC_PUSH_PULL_CRON.",
  },
  SYNC_PUSH_PULL_CRON: {
    kind: "text",
    fallback: "*/30 * * * *",
    meaning: "When, as a cron pattern of five fields; read in TZ.",
  },
  SYNC_SSH_KEYS_PATH: {
    kind: "folder",
    fallback: null,
    meaning:
      "Folder of private SSH keys, `<device id>.pem` each; `sync/keys` below the base folder when unset.",
  },
  SYNC_SSH_KNOWN_HOSTS_PATH: {
    kind: "folder",
    fallback: null,
    meaning:
      "File of SSH host keys in the known_hosts format; devices that are not in it are never called. `sync/known_hosts` below the base folder when unset.",
  },
  ENABLE_RESCAN_ON_FILESYSTEM_CHANGE: {
    kind: "flag",
    fallback: "false",
    meaning: "Watch the library folder and scan what changed.",
  },
  RESCAN_ON_FILESYSTEM_CHANGE_DELAY: {
    kind: "int",
    fallback: "5",
    meaning: "Minutes without further changes before that scan.",
    range: [0, 1_440],
  },
  MULTITAP_WATCH_MODE: {
    kind: "text",
    fallback: "auto",
    meaning:
      "`native` lets the system tell of changes, `poll` looks for them, `auto` looks on network mounts.",
    accepts: ["auto", "native", "poll"],
  },
  MULTITAP_WATCH_POLL_SECONDS: {
    kind: "int",
    fallback: "60",
    meaning: "Seconds between two looks.",
    range: [1, 86_400],
  },
  ENABLE_SCHEDULED_RESCAN: {
    kind: "flag",
    fallback: "false",
    meaning: "Scan the whole library at the times of SCHEDULED_RESCAN_CRON.",
  },
  SCHEDULED_RESCAN_CRON: {
    kind: "text",
    fallback: "0 3 * * *",
    meaning: "Five fields, minutes first, in the time zone of TZ.",
  },
  ENABLE_SCHEDULED_CLEANUP_ORPHANED_RESOURCES: {
    kind: "flag",
    fallback: "false",
    meaning: "Remove artwork of platforms and games that are no more, at set times.",
  },
  SCHEDULED_CLEANUP_ORPHANED_RESOURCES_CRON: {
    kind: "text",
    fallback: "0 5 * * *",
    meaning: "Five fields, minutes first, in the time zone of TZ.",
  },
  TASK_RESULT_TTL: {
    kind: "int",
    fallback: "86400",
    meaning: "Seconds for which the outcome of a task is kept.",
    range: [60, 2_592_000],
  },
  HTTP_PROXY: {
    kind: "secret",
    fallback: null,
    meaning: "Proxy of our own calls to http addresses; lower-case names work as well, here and below.",
  },
  HTTPS_PROXY: { kind: "secret", fallback: null, meaning: "Proxy of our own calls to https addresses." },
  NO_PROXY: {
    kind: "list",
    fallback: null,
    meaning: "Hosts that are called without one: names with what is below them, addresses, CIDR, `*`.",
  },
  MULTITAP_FETCH_ALLOW: {
    kind: "list",
    fallback: null,
    meaning:
      "Hosts (`nas.lan`, `*.lan`, `10.0.0.5:8080`, CIDR) that may be called although they are private; all others must be public.",
  },
  LOGLEVEL: {
    kind: "level",
    fallback: "INFO",
    meaning: "Least important lines that are logged.",
    accepts: ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
  },
  TZ: {
    kind: "text",
    fallback: null,
    meaning: "Time zone of scheduled tasks and shown times; data is always UTC.",
  },
  MULTITAP_LOG_FORMAT: {
    kind: "text",
    fallback: "text",
    meaning: "`text`, or `json` for one object a line.",
    accepts: ["text", "json"],
  },
  MULTITAP_TRUSTED_PROXIES: {
    kind: "list",
    fallback: "loopback,private",
    meaning: "Addresses (CIDR, `loopback`, `private`, `none`) whose X-Forwarded headers are believed.",
  },
  MULTITAP_URL_PREFIX: {
    kind: "text",
    fallback: null,
    meaning: "Path under which a proxy serves us, such as `/romm`; calls without it keep working.",
  },
  MULTITAP_WEB_DIR: {
    kind: "folder",
    fallback: null,
    meaning:
      "Folder of a built frontend for RomM's API, served at `/` in place of our own page; not below a path prefix.",
  },
  MULTITAP_ROLES: {
    kind: "list",
    fallback: "api,worker,relay",
    meaning: "What this process does; several processes need an external database.",
  },
  MULTITAP_RELAY_PORT: {
    kind: "port",
    fallback: "55435",
    meaning:
      "TCP port of the RetroArch relay; 0 takes any free one and prints it. When it is taken the rest runs and it is tried again. Off without the role `relay`.",
  },
  MULTITAP_RELAY_ALLOW: {
    kind: "list",
    fallback: "loopback,private",
    meaning: "Addresses (CIDR, `loopback`, `private`, `all`, `none`) that may use the RetroArch relay.",
  },
  MULTITAP_RELAY_ADDRESS: {
    kind: "text",
    fallback: null,
    meaning:
      "Where players reach the RetroArch relay, `name` or `name:port`; the host of ROMM_BASE_URL, else of their own call, when unset.",
  },
  ...NETPLAY_VARIABLES,
  ...RELAY_ROOM_VARIABLES,
  MULTITAP_BACKUP: { kind: "flag", fallback: "true", meaning: "Make a backup every night." },
  MULTITAP_BACKUP_CRON: {
    kind: "text",
    fallback: "0 3 * * *",
    meaning: "When; in the time zone of TZ.",
  },
  MULTITAP_BACKUP_KEEP: {
    kind: "int",
    fallback: "7",
    meaning: "Nightly backups that are kept.",
    range: [1, 1_000],
  },
  MULTITAP_BACKUP_RESOURCES: {
    kind: "flag",
    fallback: "false",
    meaning: "Put artwork and other resources into them, too, although they can be fetched again.",
  },
  MULTITAP_BACKUP_PASSPHRASE: {
    kind: "secret",
    fallback: null,
    meaning: "Encrypts keys in nightly backups; without it nobody restores those.",
  },
  MULTITAP_SKIP_UPGRADE_BACKUP: {
    kind: "flag",
    fallback: "false",
    meaning: "Upgrade the embedded database without a backup from before.",
  },
  MULTITAP_METRICS_PORT: {
    kind: "port",
    fallback: null,
    meaning: "Port for Prometheus: `/metrics`, to whoever reaches it; none unless set, 0 takes any free one.",
  },
  MULTITAP_METRICS_HOST: {
    kind: "text",
    fallback: null,
    meaning: "Address to listen on for it; that of ROMM_HOST unless set.",
  },
  MULTITAP_METRICS_TOKEN: {
    kind: "secret",
    fallback: null,
    meaning: "Opens `/metrics` on the main port to whoever sends `Authorization: Bearer` with it.",
  },
  SENTRY_DSN: {
    kind: "secret",
    fallback: null,
    meaning:
      "Where failures of the server are reported, without names, paths and addresses; nowhere unless set.",
  },
  MULTITAP_MIN_FREE: {
    kind: "int",
    fallback: "536870912",
    meaning: "Free bytes that uploads, scans and backups leave, and below which `doctor` warns.",
    range: [0, 1_099_511_627_776],
  },
  MULTITAP_ZIP_CACHE_MAX: {
    kind: "int",
    fallback: "4294967296",
    meaning:
      "Bytes of the largest download archive that is kept on disk and sent with its length; 0 streams all.",
    range: [0, 1_099_511_627_776],
  },
  MULTITAP_ALLOW_NETWORK_DATA: {
    kind: "flag",
    fallback: "false",
    meaning: "Do not warn about a database on a network file system.",
  },
  MULTITAP_RESPONSE_CACHE: {
    kind: "flag",
    fallback: "true",
    meaning: "Keep finished answers of library reads until something changes.",
  },
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof VARIABLES;
