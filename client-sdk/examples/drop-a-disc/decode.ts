/** What each decoding thread of the worker runs. */
import "@multitap/client/native/worker";
