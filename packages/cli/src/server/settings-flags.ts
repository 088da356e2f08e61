import { flagName, SETTINGS, type SettingName } from "@mission-control/protocol/settings";
import type { Command } from "commander";

/** Settings as flags give them, before they are checked. */
export type SettingsFlags = Partial<Record<SettingName, string | boolean>>;

/** Adds a flag for every setting of the server. */
export function withSettingsFlags(command: Command): Command {
  for (const [name, { environment, description }] of Object.entries(SETTINGS)) {
    const value = name === "allowPrivateWebhooks" ? " [boolean]" : " <value>";
    const option = command.createOption(
      flagName(name as SettingName) + value,
      `${description} [${environment}]`,
    );
    option.attributeName = () => name;
    command.addOption(option);
  }
  return command;
}
