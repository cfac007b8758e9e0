import { msg } from "@lingui/core/macro";

/** Help that can be asked for, free of charge, by its code (AIRIMP). */
export const ASSISTANCE_WORDS = {
  WCHR: msg`Wheelchair to the gate`,
  WCHS: msg`Wheelchair, no stairs`,
  WCHC: msg`Wheelchair to the seat`,
  BLND: msg`Help for blind passengers`,
  DEAF: msg`Help for deaf passengers`,
  DPNA: msg`Help with a developmental disability`,
  MAAS: msg`Meet and assist`,
};

/** Meals, by their code. */
export const MEAL_WORDS = {
  VGML: msg`Vegan meal`,
  VLML: msg`Vegetarian meal`,
  KSML: msg`Kosher meal`,
  MOML: msg`Muslim meal`,
  GFML: msg`Gluten-free meal`,
  DBML: msg`Diabetic meal`,
  CHML: msg`Child meal`,
};
