import type { SavedViewPage } from "@mission-control/protocol";
import { useState } from "react";
import { viewsText } from "../text/views-text.ts";
import { Button } from "../ui/button.tsx";
import { useShownView, useViewCalls, useViews } from "./use-views.ts";
import { isShown } from "./view-address.ts";
import { ViewName } from "./view-name.tsx";

/** Saves the filters of the page under a name; not there while a view has just these. */
export function SaveView({ page }: { page: SavedViewPage }) {
  const [open, setOpen] = useState(false);
  const views = useViews();
  const shown = useShownView();
  const calls = useViewCalls();
  if (shown?.page !== page || !views.data) return null;
  const { search } = shown;
  if (!open && views.data.some((view) => isShown(view, page, search))) return null;
  return (
    <>
      <Button kind="quiet" onClick={() => setOpen(true)}>
        {viewsText.save}
      </Button>
      {open ? (
        <ViewName
          title={viewsText.saveTitle}
          hint={viewsText.saveHint}
          name=""
          onSave={(name) => calls.create({ name, page, search })}
          onClose={() => setOpen(false)}
        />
      ) : null}
    </>
  );
}
