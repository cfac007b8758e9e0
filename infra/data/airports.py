"""Makes the data files of chalicelib/airports from the PyPI package airportsdata (MIT licence, (c) Mike Borsetti).

    python -m infra.data.airports

The same packages give the same bytes. The first two files have one airport to a line, in the same order, the more
prominent first, in columns separated by tabs:

airports.tsv: iata, icao, name, city, subdivision, country, lat, lon, zone, as in the package but for
white space and what stands in `CORRECTED`.

names.tsv, which is searched for suggestions:

- weight: how prominent the airport is, see `weight`
- codes: its IATA code and that of the metropolis it is sold under: `^|jfk^|nyc^`
- names: what it is called, folded (`chalicelib.airports.suggest.words`): `^|new|york^|laguardia|airport^`
- places: its ICAO code and where it lies, in the same form: `^|kjfk^|us^|united|states^`

Countries' names are those of tzdata's iso3166.tab (public domain).
"""

import re
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path

import airportsdata

from chalicelib.airports.suggest import words

TARGET = Path(__file__).parents[2] / "chalicelib" / "airports"

# What the package has wrong, by ICAO code. Brussels: 50°54'05"N 4°29'04"E was read as decimals (50.5405, 4.2904), 42 km
# off; OurAirports has it right. St. John's in Newfoundland was taken for Saint John in New Brunswick.
CORRECTED: dict[str, dict[str, object]] = {
    "EBBR": {"lat": 50.901389, "lon": 4.484444},
    "CYYT": {"city": "St. John's"},
}

# Some of the world's busiest airports in rank order, to rank suggestions by and for nothing else. Basis: passengers in
# 2024, for the first fifteen from ACI World's preliminary ranking (April 2025). Which others are here, and how they
# follow, is our estimate, no source of figures.
BUSIEST = """
    ATL DXB DFW HND LHR DEN IST ORD DEL PVG LAX CAN ICN CDG SIN PEK AMS MAD JFK BKK SZX FRA CLT LAS MCO KUL MIA BCN BOM
    TFU CGK HKG DOH SEA SFO PHX MNL PKX EWR FCO JED IAH CKG HGH SHA KMG XIY YYZ BOG MEX TPE SVO GRU BOS LGW MUC SAW SYD
    BLR SGN NRT AYT RUH MSP FLL LIS MEL DUB LGA ORY PMI DTW ATH VIE ZRH WUH CSX KIX MAN PHL CTU CPH HAN NKG CUN DMK STN
    CJU AUH MXP CAI SLC CGO XMN HYD URC IAD BWI HAK FUK OSL DCA TAO YVR SCL BER TPA SAN AGP CTS LIM BNA JNB SHE HRB KWE
    DPS BRU BNE CGH ARN YUL MAA GMP DLC AUS CCU MDW HNL OKA WAW SYX LED TSN DUS PTY YYC AKL ALC GDL GVA BUD DAL PDX BGY
    HKT SHJ LTN PRG HEL PUS OPO VKO OTP PER STL EDI DME KWI RDU ITM MTY AEP BSB LPA NCE HAM GIG HOU TLV TFS SMF SJU MSY
    DAD ESB AMD MDE MCT DMM BHX NAP TIJ CNF CTA VCP ADD MCI SJC VCE NGO ADB ALA DAC CEB EZE KRK MRS RSW SAT SNA COK VLC
    BLQ LIN BRS CRL IND OAK LYS CMN CPT CLE CGN PIT FAO REC BAH CVG SVQ IBZ STR ALG PUJ CMH BSL CMB AMM NBO TAS ADL BEG
    KEF GLA SOF TLS YEG GYD ISB KHI KTM RIX TUN BFS BGO LOS GOT MKE BEY BOD CHC LHE SJO WLG NCL KTI SDQ UIO RGN YOW TBS
    YHZ
""".split()  # noqa: SIM905 - two hundred quoted strings are no easier to read
_RANK = {iata: rank for rank, iata in enumerate(BUSIEST)}

# Airports that booking systems sell under a city's code beside those in the package's list of multi-airport cities.
ALSO_SOLD_AS = {"SEN": "LON", "EWR": "NYC", "BWI": "WAS", "BVA": "PAR", "NYO": "STO"}

# What else a place or its airport is called: at home or in English, whichever the package does not say; until lately;
# and with its umlauts written out. Only what is looked for often.
ALSO_CALLED = {
    "MUC": "München, Muenchen", "ZRH": "Zuerich", "CGN": "Köln, Koeln", "DUS": "Duesseldorf", "VIE": "Wien",
    "GVA": "Genève, Genf", "BSL": "Basel, Basle", "BRU": "Bruxelles, Zaventem", "ANR": "Antwerpen", "FCO": "Roma",
    "MXP": "Milano", "LIN": "Milano", "BGY": "Milano", "VCE": "Venice", "TSF": "Venice", "FLR": "Florence",
    "NAP": "Naples", "TRN": "Turin", "GOA": "Genoa", "LIS": "Lisboa", "OPO": "Oporto", "SVQ": "Seville",
    "PMI": "Mallorca, Majorca", "PRG": "Praha", "WAW": "Warszawa", "KRK": "Cracow", "BEG": "Beograd",
    "OTP": "Bucuresti, Otopeni", "ATH": "Athina", "CPH": "København, Koebenhavn", "GOT": "Göteborg, Goeteborg",
    "MMX": "Malmoe", "AAL": "Ålborg", "AAR": "Århus", "LED": "Sankt Peterburg", "SVO": "Moskva", "DME": "Moskva",
    "VKO": "Moskva", "KBP": "Kiev", "IEV": "Kiev", "ODS": "Odessa", "MEX": "Ciudad de Mexico, CDMX",
    "NLU": "Ciudad de Mexico, CDMX", "HAV": "La Habana", "PTY": "Panama City", "BOM": "Bombay", "MAA": "Madras",
    "CCU": "Calcutta", "COK": "Kochi", "RGN": "Rangoon", "SGN": "Saigon", "KTI": "Phnom Penh", "DPS": "Bali",
    "PEK": "Peking", "PKX": "Peking", "CAN": "Canton", "OKA": "Okinawa", "PUS": "Pusan", "LGA": "La Guardia",
    "IAD": "Washington DC", "DCA": "Washington DC", "HND": "Haneda", "ITM": "Itami",
    "CDG": "Roissy", "SEA": "SeaTac", "BCN": "El Prat", "LAS": "McCarran",
}  # fmt: skip
COUNTRY_ALSO_CALLED = {
    "US": "USA", "GB": "UK, United Kingdom", "AE": "UAE", "KR": "South Korea", "KP": "North Korea", "CZ": "Czechia",
    "NL": "Holland", "XK": "Kosovo",
}  # fmt: skip

_TEXTS = ("iata", "icao", "name", "city", "subd", "country")
_OTHER_USE = re.compile(r"\b(Air Base|Airbase|Air Force|AFB|AAF|Army|Naval|RAF|Military|Heliport|Seaplane|Seadrome)\b")
_INNER_APOSTROPHE = re.compile(r"(?<=\w)['`](?=\w)")
_OTHER_FORM = {"st": "saint", "ft": "fort", "mt": "mount", "saint": "st", "fort": "ft", "mount": "mt"}
_SHORTENED = re.compile(rf"\b({'|'.join(_OTHER_FORM)})\b\.?", re.IGNORECASE)


def weight(iata: str, name: str, in_metropolis: bool) -> int:
    """How much more likely a person means this airport than a field that bears the same name; 0 to 60.

    The data say nothing of traffic. The busiest get 60 down to 38. For the others the sign of scheduled service is an
    IATA code (26, or 20 where the name says that it is military or for helicopters or seaplanes); being sold under a
    metropolis's code (6) and "International" in the name (5) add to it.
    """
    if iata in _RANK:
        return 60 - 22 * _RANK[iata] // len(_RANK)
    return (20 if _OTHER_USE.search(name) else 26) + 6 * in_metropolis + 5 * ("International" in name) if iata else 0


def fold(names: Iterable[str]) -> str:
    """The names as they are searched: each a phrase of folded words, in every spelling, none twice."""
    phrases = dict.fromkeys(
        phrase for name in names for spelling in _spellings(name) if (phrase := tuple(words(spelling)))
    )
    return "^" + "".join("".join(f"|{word}" for word in phrase) + "^" for phrase in phrases)


def _spellings(name: str) -> Iterator[str]:
    """`O'Hare` is also looked for as `O Hare`, `St` as `Saint`, and the other way round."""
    yield name
    if _INNER_APOSTROPHE.search(name):
        yield _INNER_APOSTROPHE.sub(" ", name)
    if _SHORTENED.search(name):
        yield _SHORTENED.sub(lambda found: _OTHER_FORM[found[1].lower()], name)


def data() -> dict[str, str]:
    """The data files' text by their names."""
    countries = _countries()
    macs = airportsdata.load_iata_macs()
    cities = {iata: code for code, city in macs.items() for iata in city["airports"]} | ALSO_SOLD_AS
    lines = []
    for code, row in airportsdata.load().items():
        right = {**row, **CORRECTED.get(code, {})}
        tidy = {key: " ".join(str(value).replace("\xad", "").split()) for key, value in right.items()}
        iata, icao, name, city, subdivision, country = (tidy[key] for key in _TEXTS)
        metropolis = cities.get(iata)
        heavy = weight(iata, name, metropolis is not None)
        codes = fold([iata, metropolis or ""])
        sold_as = macs[metropolis]["name"] if metropolis else ""
        names = fold([sold_as, *re.split("[,/]", city), name, *ALSO_CALLED.get(iata, "").split(",")])
        places = fold([icao, subdivision, country, *countries[country]])
        order = (-heavy, _RANK.get(iata, 0), iata or "~", icao)
        lines.append((order, [tidy[key] for key in (*_TEXTS, "lat", "lon", "tz")], [str(heavy), codes, names, places]))
    lines.sort()
    prominent = [fields[0] for _, fields, _ in lines if fields[0]]
    sold_together = {code: sorted((a for a in cities if cities[a] == code), key=prominent.index) for code in macs}
    return {
        "airports.tsv": _table("iata icao name city subdivision country lat lon zone", (line[1] for line in lines)),
        "names.tsv": _table("weight codes names places", (line[2] for line in lines)),
        "cities.tsv": _table(
            "code name country airports",
            (
                [code, city["name"], city["country"], " ".join(sold_together[code])]
                for code, city in sorted(macs.items())
                if len(sold_together[code]) > 1
            ),
        ),
    }


def _table(columns: str, rows: Iterable[list[str]]) -> str:
    return "".join("\t".join(fields) + "\n" for fields in (columns.split(), *rows))


def _countries() -> dict[str, list[str]]:
    """Each country's names by its code."""
    names = {code: other.split(",") for code, other in COUNTRY_ALSO_CALLED.items()}
    for line in files("tzdata").joinpath("zoneinfo/iso3166.tab").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            code, name = line.split("\t")
            names[code] = [name, *names.get(code, [])]
    return names


if __name__ == "__main__":
    for file, text in data().items():
        (TARGET / file).write_text(text, encoding="utf-8", newline="\n")
