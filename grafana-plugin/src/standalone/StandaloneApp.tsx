import { useEffect, useState } from 'react';
import { BrowserRouter } from 'react-router-dom';
import { Alert, Button } from '@grafana/ui';
import { App } from '../App.tsx';
import { Skeleton } from '../panels/Skeleton.tsx';
import { createStandaloneHost } from './standalone-host.tsx';
import { browserPreferences, read } from './preferences.ts';
import { Notices } from './Notices.tsx';
import { readSession, signedOut, signIn, takeTokenFromAddress, type Session } from './session.ts';
import { Shell } from './Shell.tsx';
import { SignIn } from './SignIn.tsx';
import { Theme } from './theme.tsx';

type State =
  | { is: 'asking' }
  | { is: 'signed-in'; session: Session }
  | { is: 'signed-out'; why?: string }
  | { is: 'broken'; why: string };

/** The pages at /analytics: whoever is signed in sees them in a frame with the navigation. */
export function StandaloneApp() {
  const [state, setState] = useState<State>({ is: 'asking' });
  const ask = () => {
    setState({ is: 'asking' });
    const token = takeTokenFromAddress();
    const asked = token === undefined ? readSession() : signIn({ token });
    asked.then(
      (session) => setState(session ? { is: 'signed-in', session } : { is: 'signed-out' }),
      (error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        setState(token === undefined ? { is: 'broken', why } : { is: 'signed-out', why });
      },
    );
  };
  useEffect(() => {
    ask();
    const end = () => setState({ is: 'signed-out', why: 'The session has ended.' });
    signedOut.addEventListener('signed-out', end);
    return () => signedOut.removeEventListener('signed-out', end);
  }, []);

  return (
    <Theme>
      <BrowserRouter basename="/analytics" future={{ v7_startTransition: true, v7_relativeSplatPath: true }}>
        {state.is === 'asking' && <Skeleton height={400} />}
        {state.is === 'broken' && (
          <main>
            <Alert severity="error" title="The collector could not answer">
              <p>{state.why}</p>
              <Button onClick={ask}>Try again</Button>
            </Alert>
          </main>
        )}
        {state.is === 'signed-out' && (
          <SignIn why={state.why} onSignedIn={(session) => setState({ is: 'signed-in', session })} />
        )}
        {state.is === 'signed-in' && (
          <SignedIn session={state.session} onSignedOut={() => setState({ is: 'signed-out' })} />
        )}
        <Notices />
      </BrowserRouter>
    </Theme>
  );
}

function SignedIn({ session, onSignedOut }: { session: Session; onSignedOut: () => void }) {
  const [host] = useState(() => createStandaloneHost(session, browserPreferences));
  return (
    <Shell session={session} onSignedOut={onSignedOut}>
      <App host={host} timeZone={read('time-zone') ?? ''} />
    </Shell>
  );
}
