import { Page } from "../ui/page";

export function FlightPage() {
  return <Page title="FlightPage">…</Page>;
}
