import { webhooksText as text } from "../../text/webhooks-text.ts";
import { Button } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";

/** A secret, shown this once. */
export function Secret({ secret, hint, onClose }: { secret: string; hint: string; onClose(): void }) {
  return (
    <Dialog title={text.secret} description={hint} onClose={onClose}>
      <CodeBlock label={text.secret}>{secret}</CodeBlock>
      <DialogActions>
        <Button kind="primary" onClick={onClose}>
          {text.saved}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
