import { Page } from "../ui/page";

export function FlightsPage() {
  return <Page title="FlightsPage">…</Page>;
}
