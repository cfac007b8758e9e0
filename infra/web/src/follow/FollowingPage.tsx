import { Page } from "../ui/page";

export function FollowingPage() {
  return <Page title="FollowingPage">…</Page>;
}
