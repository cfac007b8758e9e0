import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { Refused } from "../api/problems";
import { AskForm, TextLine } from "./forms";

it("brings into sight why it did not go through: a form may be longer than the screen", async () => {
  const shown = vi.spyOn(Element.prototype, "scrollIntoView");
  const ask = vi.fn().mockRejectedValue(new Refused("These flights are full."));
  render(
    <I18nProvider i18n={i18n}>
      <AskForm submit="Hold the seats" ask={ask}>
        {null}
      </AskForm>
    </I18nProvider>,
  );
  await userEvent.click(screen.getByRole("button", { name: "Hold the seats" }));
  const why = await screen.findByRole("alert");
  expect(why.textContent).toBe("These flights are full.");
  expect(shown.mock.contexts).toEqual([why]);
});

it("can be sent again when what was refused of a field is mended in another one", async () => {
  const ask = vi.fn().mockRejectedValueOnce(new Refused("", { to: "This is where the journey begins." }));
  render(
    <I18nProvider i18n={i18n}>
      <AskForm submit="Find flights" ask={ask}>
        <TextLine name="from" label="From" value="EWR" />
        <TextLine name="to" label="To" value="EWR" />
      </AskForm>
    </I18nProvider>,
  );
  await userEvent.click(screen.getByRole("button", { name: "Find flights" }));
  await screen.findByText("This is where the journey begins.");
  await userEvent.type(screen.getByLabelText("From"), "X");
  await userEvent.click(screen.getByRole("button", { name: "Find flights" }));
  await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(2));
});
