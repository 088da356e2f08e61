import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { ApiError, isTemporary } from "../api/api-error.ts";
import { logIn, readSession, type Session, takeLogInCode } from "../api/session.ts";
import { text } from "../text/text.ts";
import { Failure, Skeleton } from "../ui/page-state.tsx";
import { LogIn } from "./log-in.tsx";
import { Mission } from "./mission.ts";
import { createAppRouter } from "./router.tsx";
import { MissionContext } from "./use-mission.ts";
import { SessionContext } from "./use-session.ts";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (count, error) => isTemporary(error) && count < 3,
      refetchOnWindowFocus: false,
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});
const mission = new Mission(queries);
const router = createAppRouter();

/** The whole dashboard: asks for a session, then shows the pages. */
export function App() {
  return (
    <QueryClientProvider client={queries}>
      <MissionContext value={mission}>
        <Gate />
      </MissionContext>
    </QueryClientProvider>
  );
}

/** Logs in by the link's code, if the address has one; why that failed, if it did. */
let linkLogIn: Promise<string | null> | null = null;

async function openSession(): Promise<{ session: Session | null; refused: string | null }> {
  const code = takeLogInCode();
  if (code) linkLogIn = tryLink(code);
  const refused = await linkLogIn;
  return { session: await readSession(mission.api), refused: refused ?? null };
}

async function tryLink(code: string): Promise<string | null> {
  try {
    await logIn(mission.api, { code });
    return null;
  } catch (error) {
    return error instanceof ApiError && error.status === 401
      ? text.logIn.linkRefused
      : (error as Error).message;
  }
}

function Gate() {
  const state = useQuery({
    queryKey: ["session"],
    queryFn: openSession,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (state.data?.session) return <Running session={state.data.session} />;
  if (state.data) return <LogIn notice={state.data.refused} onDone={() => void state.refetch()} />;
  if (state.error) return <Failure error={state.error} retry={() => void state.refetch()} />;
  return <Skeleton lines={8} />;
}

function Running({ session }: { session: Session }) {
  // What was shown once stays, whatever becomes of the session: the log-in comes over the page, not instead of it.
  const [kept] = useState(session);
  useEffect(() => {
    mission.signedOut = false;
    void mission.start();
    return () => mission.stop();
  }, []);
  return (
    <SessionContext value={kept}>
      <RouterProvider router={router} />
    </SessionContext>
  );
}
