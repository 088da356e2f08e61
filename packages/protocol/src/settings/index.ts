// What the server and the command line both read: the settings, and the files of the data folder they share.
export * from "./address-file.ts";
export * from "./key-file.ts";
export * from "./setting-names.ts";
export * from "./settings.ts";
export * from "./settings-file.ts";
