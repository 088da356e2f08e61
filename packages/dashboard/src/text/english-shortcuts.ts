/** What the sheet of keyboard shortcuts says; it comes with the sheet. */
export const englishShortcuts = {
  title: "Keyboard shortcuts",
  groups: [
    {
      name: "Everywhere",
      keys: [
        ["Ctrl K", "Search or run"],
        ["?", "This sheet"],
        ["c", "New task"],
        ["Esc", "Close what is open"],
        ["Ctrl Enter", "Send a form from any field"],
        ["g a", "Activity"],
        ["g n", "Inbox"],
        ["g b", "Board"],
        ["g g", "Agents"],
        ["g w", "Gateways"],
        ["g h", "Webhooks"],
        ["g i", "Insights"],
        ["g s", "Settings"],
      ],
    },
    {
      name: "Activity",
      keys: [
        ["/", "Search events"],
        ["j k", "Next and previous event"],
        ["Enter", "Open the event"],
      ],
    },
    {
      name: "Inbox",
      keys: [
        ["j k", "Next and previous"],
        ["1–9", "Give an answer"],
        ["a", "Approve"],
        ["r", "Request changes"],
        ["d", "Dispatch again"],
        ["s", "Put off for an hour"],
      ],
    },
    {
      name: "Board",
      keys: [
        ["↑ ↓ ← →", "From card to card"],
        ["Enter", "Open the task"],
        ["m", "The card's actions"],
        ["Space", "Pick the card up, then ← → and Space"],
      ],
    },
    {
      name: "Task",
      keys: [
        ["d", "Dispatch"],
        ["x", "Cancel"],
        ["e", "Edit"],
        ["/", "Find in the transcript"],
      ],
    },
  ] satisfies { name: string; keys: [string, string][] }[],
};
