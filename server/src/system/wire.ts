import { COMPATIBLE_VERSION, type Heartbeat } from "./contract.ts";

/** No provider is built in yet, so none is enabled; libretro's thumbnails need no key. */
const METADATA_SOURCES = {
  ANY_SOURCE_ENABLED: true,
  IGDB_API_ENABLED: false,
  SS_API_ENABLED: false,
  SS_DEV_CREDENTIALS_SET: false,
  MOBY_API_ENABLED: false,
  STEAMGRIDDB_API_ENABLED: false,
  RA_API_ENABLED: false,
  LAUNCHBOX_API_ENABLED: false,
  HASHEOUS_API_ENABLED: false,
  PLAYMATCH_API_ENABLED: false,
  TGDB_API_ENABLED: false,
  FLASHPOINT_API_ENABLED: false,
  HLTB_API_ENABLED: false,
  LIBRETRO_API_ENABLED: true,
} as const;

/** Tasks that are not built in yet; the cron texts are the compatible defaults. */
const OTHER_TASKS = {
  ENABLE_SCHEDULED_UPDATE_SWITCH_TITLEDB: false,
  SCHEDULED_UPDATE_SWITCH_TITLEDB_CRON: "0 4 * * *",
  ENABLE_SCHEDULED_UPDATE_LAUNCHBOX_METADATA: false,
  SCHEDULED_UPDATE_LAUNCHBOX_METADATA_CRON: "0 4 * * *",
  ENABLE_SCHEDULED_CONVERT_IMAGES_TO_WEBP: false,
  SCHEDULED_CONVERT_IMAGES_TO_WEBP_CRON: "0 4 * * *",
} as const;

/** The heartbeat in its full compatible shape: strict decoders fail on a missing key. */
export function toHeartbeatWire({ server, showSetupWizard, fsPlatforms, flags, rescan, oidc }: Heartbeat) {
  return {
    SYSTEM: { VERSION: COMPATIBLE_VERSION, SHOW_SETUP_WIZARD: showSetupWizard },
    METADATA_SOURCES,
    FILESYSTEM: { FS_PLATFORMS: fsPlatforms },
    EMULATION: {
      DISABLE_EMULATOR_JS: flags.disableEmulatorJs,
      DISABLE_RUFFLE_RS: flags.disableRuffleRs,
    },
    FRONTEND: {
      DISABLE_USERPASS_LOGIN: flags.disableUserpassLogin,
      DISABLE_LOGS_VIEWER: flags.disableLogsViewer,
      YOUTUBE_BASE_URL: flags.youtubeBaseUrl,
    },
    OIDC: {
      ENABLED: oidc !== null,
      AUTOLOGIN: oidc?.isAutologin ?? false,
      PROVIDER: oidc?.providerName ?? "",
      RP_INITIATED_LOGOUT: oidc?.isLogoutForwarded ?? false,
    },
    TASKS: {
      ENABLE_SCHEDULED_RESCAN: rescan.isEnabled,
      SCHEDULED_RESCAN_CRON: rescan.cron,
      ...OTHER_TASKS,
    },
    CLIENT_TOKENS: { ENABLED: true },
    MULTITAP: server,
  };
}
