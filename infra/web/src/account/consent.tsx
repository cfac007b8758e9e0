import { useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../api/client";
import { isLanguage, type Language } from "../shell/language";
import styles from "./account.module.css";

/** The app's language, as the API knows it: of letters that are asked for here. */
export function useSpoken(): Language {
  const { i18n } = useLingui();
  return isLanguage(i18n.locale) ? i18n.locale : "en";
}

/** What a person with an account agrees to, in the app's language, and its version. */
export function useConsent({ needed = true } = {}) {
  const language = useSpoken();
  return useQuery({
    queryKey: ["consent", language],
    queryFn: ({ signal }) => unwrap(api.GET("/v1/consent", { params: { query: { language } }, signal })),
    enabled: needed,
  });
}

export function Wording({ text }: { text: string }) {
  return (
    <div className={styles.wording}>
      {text.split("\n\n").map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
    </div>
  );
}
