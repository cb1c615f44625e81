"""Names that belong to nobody: companies, people, and what they are about.

Domains end in ``.example``, which nobody can register (RFC 2606).
"""

from dataclasses import dataclass


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COMPANY_STEMS = _words(
    """
    Aldermoor Amberly Arcwell Ashgrove Auricle Bexley Birchwater Boreline
    Brightmere Brindle Cadenza Calderon Cinderpath Clovermark Copperline
    Corvantis Dapplewood Deltaforge Dovetail Drumlin Eastlark Elmbridge
    Emberfall Everquill Fablewright Fennimore Fernhollow Fjordane Foxglove
    Gablestone Glasswing Goldenrod Greyhaven Halcyon Harrowgate Hazelmount
    Heliora Hollowbrook Inkwell Ironbark Islemoor Juniper Kestrel Kindlewood
    Lanternjack Larkspur Lodestar Lumenfield Maplecrest Marlowe Meridiem
    Millrace Mossbank Nettlefold Nimbra Northbeck Oakhurst Opaline Ostler
    Palisander Pemberwick Pinecone Plumbline Quarrystone Quillon Ravensbury
    Redshank Ridgeway Rookwood Saltmarsh Sandpiper Sedgewick Silverbirch Skylark
    Slatefield Solstra Stillwater Sundial Tamarind Tealford Thistledown
    Timberlake Tressider Umberfield Valerian Verdane Wayfarer Weatherby
    Whistlewood Willowmere Windrose Wrenfield Yarrow Zephyrine
    """
)

# Last word of a company's name → its industry.
COMPANY_TRADES = {
    "Analytics": "Software",
    "Apps": "Software",
    "Bank": "Financial services",
    "Bio": "Life sciences",
    "Cloud": "Software",
    "Credit": "Financial services",
    "Diagnostics": "Health care",
    "Energy": "Energy",
    "Foods": "Consumer goods",
    "Freight": "Logistics",
    "Games": "Media and games",
    "Health": "Health care",
    "Insurance": "Insurance",
    "Learning": "Education",
    "Logistics": "Logistics",
    "Mobility": "Transport",
    "Outfitters": "Retail",
    "Payments": "Financial services",
    "Press": "Media and games",
    "Rail": "Transport",
    "Retail": "Retail",
    "Robotics": "Manufacturing",
    "Security": "Software",
    "Steel": "Manufacturing",
    "Studios": "Media and games",
    "Systems": "Software",
    "Telecom": "Telecommunications",
    "Travel": "Travel",
    "University": "Education",
    "Works": "Manufacturing",
}


@dataclass(frozen=True, slots=True)
class Region:
    """Where people live, when they work and what they are called."""

    hours_ahead: float
    # The commoner ones repeated.
    countries: tuple[str, ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]


REGIONS = (
    Region(
        hours_ahead=-6.0,
        countries=_words("US US US US US CA CA BR MX"),
        first_names=_words(
            """
            Ava Ben Camila Caleb Diego Elena Ethan Grace Hannah Isaac Jada
            Julian Kayla Leo Lucia Mason Maya Noah Olivia Priscila Rafael Ruby
            Sofia Theo Tyler Victor Wyatt Zoe
            """
        ),
        last_names=_words(
            """
            Almeida Barlow Castillo Crane Dawson Ellery Fontaine Garza Hale
            Holloway Ibarra Kendrick Lowell Marsh Medina Norwood Ortega Prescott
            Quintero Rowan Salazar Stratton Tavares Underhill Vance Whitlock
            Yates
            """
        ),
    ),
    Region(
        hours_ahead=1.0,
        countries=_words("DE DE DE GB GB GB FR FR NL SE PL ES IT CH"),
        first_names=_words(
            """
            Agnes Anton Beatrix Bram Cecile Clara Daan Elodie Emil Esme Felix
            Freya Greta Hugo Ines Jonas Kasia Lars Lena Luca Maja Marek Nils
            Odile Oskar Pia Rosalind Sven Tomasz Vera
            """
        ),
        last_names=_words(
            """
            Albrecht Bakker Bergstrom Carrow Delacroix Engel Fairbairn Falk
            Girard Haas Hedlund Jansen Kowalczyk Lindqvist Marchetti Mercer
            Navarro Olsen Petit Reinholt Sauter Tennant Vermeer Voss Wexford
            Wolff Zielinski
            """
        ),
    ),
    Region(
        hours_ahead=5.5,
        countries=_words("IN IN IN IN IN LK BD"),
        first_names=_words(
            """
            Aarav Aditi Amara Anil Arjun Deepa Devika Farah Gaurav Isha Kabir
            Kavya Lakshmi Manish Meera Nikhil Nisha Pooja Pranav Rohan Sanjana
            Tara Varun Yash
            """
        ),
        last_names=_words(
            """
            Banerjee Bhatt Chandran Desai Dhillon Fernando Ghosh Iyer Joshi
            Kapoor Kulkarni Malhotra Menon Nair Pillai Rao Saxena Sethi Thakur
            Verma
            """
        ),
    ),
    Region(
        hours_ahead=9.5,
        countries=_words("JP JP SG AU AU KR NZ"),
        first_names=_words(
            """
            Aiko Aroha Charlotte Daichi Emi Hana Harper Haruto Jin Jiwoo Kenji
            Lachlan Mei Mina Naoki Ren Riku Sakura Seojun Tane Wei Yuna
            """
        ),
        last_names=_words(
            """
            Aoki Brennan Choi Fujita Han Hayashi Ishida Kang Kim Lim Matsuda Ng
            Okada Parata Seo Shepherd Takeda Tan Wada Yamane Yoon
            """
        ),
    ),
)

FREE_MAIL = ("freemail.example", "mailbox.example")

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit"
LIKE = "(KHTML, like Gecko)"
BROWSERS = (
    f"{MAC}/537.36 {LIKE} Chrome/141.0.0.0 Safari/537.36",
    f"{WINDOWS}/537.36 {LIKE} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    f"{MAC}/605.1.15 {LIKE} Version/18.6 Safari/605.1.15",
)
