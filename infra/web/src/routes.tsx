import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
  parseSearchWith,
  redirect,
  stringifySearchWith,
} from "@tanstack/react-router";
import { BoardPage } from "./board/BoardPage";
import { type BoardSearch, readBoardSearch } from "./board/search";
import type { BookSearch } from "./book/chosen";
import type { SearchParams } from "./search/query";
import { LostPage } from "./shell/LostPage";
import { withWords } from "./shell/language";
import { Shell } from "./shell/Shell";
import { TroublePage } from "./shell/TroublePage";

// The map: every page, and what it loads. The board comes with the app; all others when they are asked for.

const PNR = {
  parse: ({ pnr }: { pnr: string }) => ({ pnr: pnr.toUpperCase() }),
  stringify: (params: { pnr: string }) => params,
};

const root = createRootRoute({ component: Shell, notFoundComponent: LostPage, errorComponent: TroublePage });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: lazyRouteComponent(() => import("./home/HomePage"), "HomePage"),
});

const board = createRoute({
  getParentRoute: () => root,
  path: "/airports/$iata/$direction",
  params: {
    parse: ({ iata, direction }) => {
      if (direction !== "departures" && direction !== "arrivals") throw notFound();
      return { iata: iata.toUpperCase(), direction } as const;
    },
    stringify: (params) => params,
  },
  validateSearch: (search): BoardSearch => readBoardSearch(search),
  component: BoardPage,
});

const airport = createRoute({
  getParentRoute: () => root,
  path: "/airports/$iata",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/airports/$iata/$direction", params: { ...params, direction: "departures" } });
  },
});

const flights = createRoute({
  getParentRoute: () => root,
  path: "/flights",
  validateSearch: (search): { number?: string; date?: string } => ({
    number: text(search.number),
    date: text(search.date),
  }),
  loader: () => withWords("pages"),
  component: lazyRouteComponent(() => import("./flight/FlightsPage"), "FlightsPage"),
});

const flight = createRoute({
  getParentRoute: () => root,
  path: "/flights/$id",
  params: { parse: ({ id }) => ({ id: id.toUpperCase() }), stringify: (params) => params },
  validateSearch: (search): { follow?: boolean; confirm?: string; code?: string } => ({
    follow: search.follow === true ? true : undefined,
    confirm: text(search.confirm),
    code: text(search.code),
  }),
  loader: () => withWords("pages"),
  component: lazyRouteComponent(() => import("./flight/FlightPage"), "FlightPage"),
});

const search = createRoute({
  getParentRoute: () => root,
  path: "/search",
  validateSearch: (search: SearchParams) => search, // the page reads it: the board need not bring how
  loader: () => withWords("trips"),
  component: lazyRouteComponent(() => import("./search/SearchPage"), "SearchPage"),
});

const book = createRoute({
  getParentRoute: () => root,
  path: "/book",
  validateSearch: (search: BookSearch) => search, // likewise
  loader: () => withWords("trips"),
  component: lazyRouteComponent(() => import("./book/PassengersPage"), "PassengersPage"),
});

const seats = createRoute({
  getParentRoute: () => root,
  path: "/book/$pnr/seats",
  params: PNR,
  validateSearch: (search: { flight?: string }) => search,
  loader: () => withWords("trips"),
  component: lazyRouteComponent(() => import("./book/SeatsPage"), "SeatsPage"),
});

const pay = createRoute({
  getParentRoute: () => root,
  path: "/book/$pnr/pay",
  params: PNR,
  loader: () => withWords("trips"),
  component: lazyRouteComponent(() => import("./book/PayPage"), "PayPage"),
});

const bookings = createRoute({
  getParentRoute: () => root,
  path: "/bookings",
  loader: () => withTripWords(),
  component: lazyRouteComponent(() => import("./trips/FindPage"), "FindPage"),
});

const booking = createRoute({
  getParentRoute: () => root,
  path: "/bookings/$pnr",
  params: PNR,
  loader: () => withTripWords(),
  component: lazyRouteComponent(() => import("./trips/BookingPage"), "BookingPage"),
});

const changing = createRoute({
  getParentRoute: () => root,
  path: "/bookings/$pnr/change",
  params: PNR,
  loader: () => withTripWords(),
  component: lazyRouteComponent(() => import("./trips/ChangePage"), "ChangePage"),
});

const checkIn = createRoute({
  getParentRoute: () => root,
  path: "/bookings/$pnr/check-in",
  params: PNR,
  validateSearch: (search): { flight?: string } => ({ flight: text(search.flight) }),
  loader: () => withTripWords(),
  component: lazyRouteComponent(() => import("./trips/CheckInPage"), "CheckInPage"),
});

const boardingPass = createRoute({
  getParentRoute: () => root,
  path: "/bookings/$pnr/pass",
  params: PNR,
  validateSearch: (search): { flight?: string; passenger?: number } => ({
    flight: text(search.flight),
    passenger: /^\d$/.test(text(search.passenger) ?? "") ? Number(search.passenger) : undefined,
  }),
  loader: () => withTripWords(),
  component: lazyRouteComponent(() => import("./trips/PassPage"), "PassPage"),
});

const trips = createRoute({
  getParentRoute: () => root,
  path: "/trips",
  loader: () => withTripWords(),
  component: lazyRouteComponent(() => import("./trips/TripsPage"), "TripsPage"),
});

const following = createRoute({
  getParentRoute: () => root,
  path: "/following",
  validateSearch: (search): { number?: string; date?: string; confirm?: string; code?: string } => ({
    number: text(search.number),
    date: text(search.date),
    confirm: text(search.confirm),
    code: text(search.code),
  }),
  loader: () => withWords("pages"),
  component: lazyRouteComponent(() => import("./follow/FollowingPage"), "FollowingPage"),
});

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search): { next?: string } => ({ next: ownPath(search.next) }),
  loader: () => withWords("pages"),
  component: lazyRouteComponent(() => import("./account/LogInPage"), "LogInPage"),
});

const register = createRoute({
  getParentRoute: () => root,
  path: "/register",
  loader: () => withWords("pages"),
  component: lazyRouteComponent(() => import("./account/RegisterPage"), "RegisterPage"),
});

const forgot = createRoute({
  getParentRoute: () => root,
  path: "/forgot",
  loader: () => withWords("pages"),
  component: lazyRouteComponent(() => import("./account/ForgotPage"), "ForgotPage"),
});

const profile = createRoute({
  getParentRoute: () => root,
  path: "/profile",
  loader: () => withWords("pages"),
  component: lazyRouteComponent(() => import("./account/ProfilePage"), "ProfilePage"),
});

const admin = createRoute({
  getParentRoute: () => root,
  path: "/admin",
  loader: () => withWords("pages"),
  component: lazyRouteComponent(() => import("./admin/AdminPage"), "AdminPage"),
});

const people = createRoute({
  getParentRoute: () => admin,
  path: "/people",
  component: lazyRouteComponent(() => import("./admin/PeoplePage"), "PeoplePage"),
});

const person = createRoute({
  getParentRoute: () => admin,
  path: "/people/$id",
  component: lazyRouteComponent(() => import("./admin/PersonPage"), "PersonPage"),
});

const invitations = createRoute({
  getParentRoute: () => admin,
  path: "/invitations",
  component: lazyRouteComponent(() => import("./admin/InvitationsPage"), "InvitationsPage"),
});

const keys = createRoute({
  getParentRoute: () => admin,
  path: "/keys",
  component: lazyRouteComponent(() => import("./admin/KeysPage"), "KeysPage"),
});

const audit = createRoute({
  getParentRoute: () => admin,
  path: "/audit",
  validateSearch: (search): { about?: string; by?: string; date?: string } => ({
    about: text(search.about),
    by: text(search.by),
    date: text(search.date),
  }),
  component: lazyRouteComponent(() => import("./admin/AuditPage"), "AuditPage"),
});

const adminFront = createRoute({
  getParentRoute: () => admin,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/admin/people" });
  },
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    board,
    airport,
    flights,
    flight,
    search,
    book,
    seats,
    pay,
    bookings,
    booking,
    changing,
    checkIn,
    boardingPass,
    trips,
    following,
    login,
    register,
    forgot,
    profile,
    admin.addChildren([adminFront, people, person, invitations, keys, audit]),
  ]),
  defaultPreload: "intent",
  scrollRestoration: true,
  parseSearch: parseSearchWith(searchValue),
  stringifySearch: stringifySearchWith(JSON.stringify, searchValue),
  defaultPendingMs: 300,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

/** A search parameter by the router's own reading, but for numbers: it takes flight 6E123 for a 6 with 123 zeros. */
function searchValue(written: string): unknown {
  const value: unknown = JSON.parse(written);
  if (typeof value === "number") throw new SyntaxError("it stays the text it is");
  return value;
}

/** The words of bookings, and those in which flights are told of. */
async function withTripWords(): Promise<void> {
  await Promise.all([withWords("pages"), withWords("trips")]);
}

/** What a search parameter says, as it was typed: a number stays the text it was. */
function text(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** A path of this app, never another site's. */
export function ownPath(value: unknown): string | undefined {
  return typeof value === "string" && /^\/(?![/\\])[!-~]*$/.test(value) ? value : undefined;
}
