"""WebSocket watchers: boards, flights and their seats, told of every change. `messages` has what is said.

What is promised: a client is never sent an older version of a flight after a newer one, and every committed change
reaches everyone who watches the flight or one of its boards, in order; one change comes twice only after a crash.
SNS brings changes twice, unordered and many at a time, and two kinds of handlers write to a client: `push`, one flight
to all who watch it, and `catch_up`, one client all that it is owed. So:

- A **lease** on a flight's position (the highest version pushed) lets one pusher at a time push it. The pusher reads
  who watches before it reads the flight, and starts over where the flight is newer than what it knew when it read who
  watches: whoever is not on its list began to watch after that version was committed, and reads at least that.
- A **hold** on a connection lets one `catch_up` at a time write to it. A pusher reads the connections of its list
  before the flight; to one on hold it sends nothing, but writes into the connection's row what is `owed`. The hold is
  lifted on the condition that nothing more is owed. So a pusher that found no hold has read the flight after whatever
  the hold's holder read.
- A pusher may have found no hold just before it was taken. So `catch_up` looks at the positions of the flights that it
  has read: where a pusher is at work that was there when the hold was taken, it waits for its end; where one has
  pushed more than was read (or died), it reads again. A connection's first hold needs no such look: no pusher knew it.
- Leases and holds outlast the longest handler. What a dead handler has left undone is still owed (a hold), or comes
  again from SNS (a lease).

The seats of a flight (`seats`) need less: each message has them whole, with a version, so that a client drops an older
one that comes after a newer. They need no lease; holds, and what is owed, are as above.

One slow connection holds up nobody: where a client takes no more, or the answer stays out, its row says what it is
owed and later pushes only add to that. Its next message (a ping will do) brings it up to date.

What this does not cover: a message that was not answered, at the moment a hold is taken, may be lost, and with it the
lines of its changes (the next message has the flight as it stands, and the client sees the gap by the versions); a
flight enters a board's window without a change (clients watch again from time to time, and get the board anew); the
index behind a board lags its table by some milliseconds, a pushed change by more. A message takes 2 ms of CPU to send:
a flight with more than about 10,000 watchers would outlast the function.
"""
