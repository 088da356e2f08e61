/** The words of the Settings page. Loaded with it, and with the palette, which changes some of them. */
export const englishSettings = {
  theme: "Theme",
  density: "Density",
  densities: { comfortable: "Comfortable", compact: "Compact" },
  densityHint: { comfortable: "Room around each line.", compact: "More lines on the screen." },
  notifications: "Desktop notifications",
  notificationsHint:
    "When an agent asks something or did not get what you wrote, or a task completes, fails or waits for review, while you look elsewhere.",
  notificationsOn: "Turn on",
  notificationsOff: "Turn off",
  notificationsRefused:
    "The browser does not allow notifications from this page. Its site settings can change that.",
  sessions: "Log-ins",
  sessionsHint: "Every browser that is logged in. End those you do not know.",
  browser: "Browser",
  unknownBrowser: "Unknown browser",
  since: "Since",
  until: "Until",
  here: "this one",
  end: "End",
  endOf: (browser: string) => `End the log-in of ${browser}`,
  logOut: "Log out",
};
