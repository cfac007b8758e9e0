import { Trans } from "@lingui/react/macro";
import ui from "../ui/ui.module.css";

/** The way to what comes next of a list, as long as there is more. */
export function More(props: {
  of: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}) {
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = props.of;
  if (!hasNextPage) return null;
  return (
    <div className={ui.actions}>
      <button
        type="button"
        className={ui.button}
        aria-disabled={isFetchingNextPage}
        onClick={() => !isFetchingNextPage && void fetchNextPage()}
      >
        {isFetchingNextPage ? <Trans>Loading …</Trans> : <Trans>Load more</Trans>}
      </button>
    </div>
  );
}
