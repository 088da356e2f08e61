import {
  type ComponentType,
  createElement,
  type FunctionComponent,
  type ReactNode,
  use,
  useEffect,
  useReducer,
  useState,
} from "react";
import { isUpgraded } from "../api/served-build.ts";
import { useLive } from "../app/use-mission.ts";
import { FirstRead } from "../live/first-read.ts";
import { text } from "../text/text.ts";
import { Button } from "./button.tsx";
import { Trouble } from "./page-state.tsx";
import { Part } from "./part.ts";

/** Why a part is not there, and what can be done. */
export interface PartFailure {
  /** The server has another build by now, which has no such part: only a new page has. */
  upgraded: boolean;
  /** Tries now; it is also tried again by itself. */
  retry(): void;
}

type Failed<Props> = (props: Props, failure: PartFailure) => ReactNode;

/** A component whose script is loaded when it is drawn first. */
export type LazyPart<Props> = FunctionComponent<Props> & { preload(): Promise<void> };

/**
 * A component whose script is loaded when it is needed. Where that fails, it says so and tries again until it is there.
 * @param load begins its one dynamic import before anything else
 * @param failed what is shown meanwhile, where it is not the usual words
 */
export function lazyPart<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  failed: Failed<Props> = (_, failure) => <PartFailed {...failure} />,
): LazyPart<Props> {
  const awaited = new AwaitedPart(load);
  const drawn = (props: Props) => <Drawn awaited={awaited} props={props} failed={failed} />;
  const preload = async () => {
    if (await awaited.hasFailed()) awaited.forget();
  };
  return Object.assign(drawn, { preload });
}

/** A part, and the try that all who draw it wait for. */
class AwaitedPart<Content> extends Part<Content> {
  #failed: Promise<boolean> | null = null;

  /** Whether a first try has failed: the same promise until it is forgotten. */
  hasFailed(): Promise<boolean> {
    this.#failed ??= this.load().then(
      () => false,
      () => true,
    );
    return this.#failed;
  }

  /** Whoever asks next begins a new try. */
  readonly forget = () => {
    this.#failed = null;
  };
}

interface DrawnProps<Props> {
  awaited: AwaitedPart<ComponentType<Props>>;
  props: Props;
  failed: Failed<Props>;
}

function Drawn<Props extends object>({ awaited, props, failed }: DrawnProps<Props>) {
  const [, draw] = useReducer((times: number) => times + 1, 0);
  if (!awaited.content && use(awaited.hasFailed()) && !awaited.content) {
    return (
      <Retrying
        part={awaited}
        onLoaded={draw}
        onGone={awaited.forget}
        show={(failure) => failed(props, failure)}
      />
    );
  }
  return awaited.content && createElement(awaited.content, props);
}

interface RetryingProps {
  part: Part<unknown>;
  onLoaded(): void;
  onGone(): void;
  show(failure: PartFailure): ReactNode;
}

/** Tries again: after a while, when the server is back, and when somebody asks. */
function Retrying({ part, onLoaded, onGone, show }: RetryingProps) {
  const [upgraded, setUpgraded] = useState(false);
  const [reading, setReading] = useState<FirstRead | null>(null);
  const isLive = useLive(({ status }) => status.phase === "live");
  useEffect(() => {
    const read = new FirstRead({
      now: () => performance.now(),
      random: Math.random,
      onFailure: () => undefined,
      isFinal: () => false,
    });
    setReading(read);
    void read
      .run(async () => {
        const isNewer = await isUpgraded();
        setUpgraded(isNewer);
        await part.load();
      })
      .then((loaded) => loaded && onLoaded());
    return () => {
      read.close();
      onGone();
    };
  }, [part, onLoaded, onGone]);
  useEffect(() => {
    if (isLive) reading?.retryNow();
  }, [isLive, reading]);
  return show({ upgraded, retry: () => reading?.retryNow() });
}

/** Says that a part of the page is missing, and how to get it. */
function PartFailed({ upgraded, retry }: PartFailure) {
  return (
    <Trouble title={upgraded ? text.part.upgraded : text.part.failed}>
      <p>{upgraded ? text.part.upgradedHint : text.part.failedHint}</p>
      {upgraded ? null : (
        <Button icon="retry" onClick={retry}>
          {text.error.retry}
        </Button>
      )}
      <Button kind={upgraded ? "primary" : "quiet"} onClick={() => location.reload()}>
        {text.part.reload}
      </Button>
    </Trouble>
  );
}
