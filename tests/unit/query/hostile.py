"""Queries written by somebody who means harm, or by a broken client: raw query strings, the same ones every time."""

import random
from collections.abc import Iterator
from urllib.parse import quote

PATTERNS = [
    "(a+)+$", "(a|a)*b", "(a*)*b", "((a{1,100}){1,100}){1,100}", "a{1000}", "(x+x+)+y", ".*.*.*.*.*.*=",
    "^(a?){50}a{50}$", "(.*)\\1", "(?=a)", "(?<!a)b", "[a", "(", ")", "*", "a**", "\\", "[]", "[^]", "(?P<n>a)",
    "a{2,1}", "a{,5}", "\\b", "[[:alpha:]]", "***:a", "(?i)ANN", "\\p{L}", "[z-a]", "\\x00", "|", "a||b", "$^", "a$b",
    "[\\d-z]", "(" * 50 + "a" + ")" * 50, "[𐐀-𐐷]+", "((((((((((a*)*)*)*)*)*)*)*)*)*)*b", "(a|b|ab)*c", "\\w{100}",
    "(\\w{1,9} ){1,9}$", "%", "'; DROP TABLE orders; --", "\\Q", "(?s).",
]  # fmt: skip
TEXTS = [
    "' OR '1'='1", "'; DROP TABLE product_order_documents; --", '" OR ""="', "\\", "%", "%%", "_", "\x00", "a\x00b",
    "\ud7ff", "𐐷" * 200, "\u202e", "é", "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 400,
    "0." + "9" * 400, "1e-999", "0x10", "١٢٣", "1_000", "-0", "true", "null", "None", "[]", "{}", "$", "@",
    "${jndi:ldap://x}", "{{7*7}}", ":a", "%(a)s", "%s", "?", ":1", "$1", "/*", "--", "\n", "\r\n", "\t", "2026-13-45",
    "2026-02-30T00:00:00Z", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59-23:59", "2026-05-03T10:00:00+99:99", "now",
    "infinity", "'", '"', '"a', 'a"b', '""', ",", ",,", ";", "a;b=c", "x" * 1990, "&", "=", "==", ">", "😀",
    "A" * 100 + "\\'" * 20,
]  # fmt: skip
NAMES = [
    "state", "id", "creationDate", "note.author", "note.date", "productOrderItem.quantity", "description", "@type",
    "externalId.id", "productOrderItem.product.isBundle", "productOrderItem.product.productCharacteristic.value",
    "relatedParty.partyOrPartyRole.id", "orderTotalPrice.price.taxIncludedAmount.value", "requestedStartDate", "note",
    "href", "statee", "State", "a.b.c", "", ".", "..", "note.", ".note", "note..author", "note[0]", "$.note", "id'--",
    'id"', "id)", "@", "@@type", "__proto__", "x" * 500, "é", "order_id", "document", "productOrderItem." * 15 + "id",
    "product_order_documents.state", "state.gt.lt", "gt", ".gt", "state.regex", "owner",
]  # fmt: skip
SIGNS = [
    "=",
    ".gt=",
    ".gte=",
    ".lt=",
    ".lte=",
    ".ne=",
    ".eq=",
    ".regex=",
    ">",
    ">=",
    "<",
    "<=",
    "==",
    "=~",
    "*=",
    "!=",
    ".foo=",
    "",
    "==",
]
FILTERS = [
    "$" * 50, "[" * 1000, "(" * 1000, "$[?(" * 400, "$.note[?(" + "(" * 100 + "@.author=='x'" + ")" * 100 + ")]",
    "$.note[?(" + "!" * 1500 + "@.author=='x')]", "$.note[?(@.author=='x'" + " && @.author=='x'" * 100 + ")]",
    "x" * 10_000, "$.note[?(@.author=='" + "y" * 9_900 + "')]", "$" + ".productOrderItem" * 100 + ".id",
    "productOrderItem" + "[?(@.productOrderItem" * 30, "productOrderItem[?(@.id)]" * 40,
    "productOrderItem[?(@.productOrderItem[?(@.productOrderItem[?(@.note[?(@.text=~/a+b+/)])])])]",
    "$.note[?(@.author=='x'", "$.note[?(@.author==)]", "$.note[?(==)]", "$.note[?()]", "$.note[?]", "$..author",
    "$.note[*]", "$.note[0]", "$.note[-1]", "$.note[0:5]", "$.note.length()", "length($.note)>1",
    "$.note[?(@.length()>2)]", "$.note[?(@.author.length>2)]", "$.note[?(@.author=~/(a+)+$/)]",
    "$.note[?(@.author=~'(a+)+$')]", "$.note[?(@.author=~5)]", "$.note[?(@.author=='a\\'b')]",
    "$.note[?(@.author==\"a'b\")]", "$.note[?(@.author=='a' || 1==1)]", "$.note[?(1==1)]",
    "$.note[?(@.author==@.text)]", "$.note[?(@)]", "$.note[?(@=='x')]", "$.note[?($.state=='held')]",
    "$[?(@.state=='held')]", "[?(@.state=='held')]", "$", "", " ", "note", "$.note", "$['note'][?(@['author']=='x')]",
    '$["note"]', "$.note[?(@.date>'2026-01-01')]", "$.note[?(@.date>5)]", "$.note[?(@.date=='x')]",
    "$.productOrderItem[?(@.quantity>1e999)]", "$.productOrderItem[?(@.quantity==" + "9" * 500 + ")]",
    "$.productOrderItem[?(@.quantity>-1)]", "$.productOrderItem[?(@.quantity==null)]",
    "$.productOrderItem[?(@.quantity>null)]", "$.note[?(@.author=='\x00')]", "$.note[?(@.é=='x')]",
    "$.note[?(@.author in ['a'])]", "$.note[?(@.author==`x`)]", "$.note[?(@.author===1)]", "$.note[?(@.author=1)]",
    "(@.length-1)", "$.note[(@.length-1)]", "$.note[?(@.constructor.constructor('return 1')())]",
    "$.note[?(__import__('os').system('x'))]", "𐐷", "\n\n", "$.note[?(@.author=='x')]; DROP TABLE orders",
    "$.note[?(@.author=='x')])) OR 1=1 --", "$.note[?!(@.author)]", "$.note[?!!@.author]",
    "$.note[?(!@.author && !(@.text || @.date))]", "note[?(@.author!='x')][?(@.text!='y')].date",
]  # fmt: skip
OTHERS = [
    "%", "%%", "%zz", "%00", "%FF=%FE", "=", "&&&&", "&=&=&", "state", "a=b=c=d", ";;;;", "state=;;;", "state=a;;b",
    "sort=", "sort=-", "sort=+", "sort=--state", "sort=state,state,state", "sort=" + "id," * 50, "sort=note.text",
    "sort=foo", "sort=state;drop", "sort=-productOrderItem", "sort=%00", "fields=", "fields=a.b",
    "fields=" + "id," * 900, "fields=note.text.x", "fields=note[?(@.author=='x')]", "fields=*", "offset=-1",
    "offset=99999999999999999999", "limit=1e3", "limit=", "limit=1&limit=2", "offset=10000000", "filter",
    "filter=a&filter=b", "&".join(f"state=x{n}" for n in range(99)), "&".join(f"state=x{n}" for n in range(1000)),
    "state=" + ",".join("ab" for _ in range(600)), "&".join(f"{name}.ne=x" for name in NAMES[:12] if name),
    "state=" + ";".join(f"id=x{n}" for n in range(200)), "%ED%A0%80=x", "state=%ED%A0%80",
]  # fmt: skip

ITEM = "productOrderItem."
MANY = ",".join
EVERY_MILLENNIUM = MANY(f"{year:04d}-01-01" for year in range(1, 9999, 101))
COSTLY_PATTERNS = [
    "(a.{0,99}b.{0,99}){1,1}c", "(a|b).{100}.{100}c", "(.{1,99}x){1,2}$", "([^a]{0,30}[^b]{0,30}){0,4}$",
    "(((x+x+)+x+)+x+)+y", "(a{1,9}b{1,9}){1,12}c", "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)q", "(.*a.*b.*)*c",
    "([ab]{1,15}){1,15}c", "((a*)*)*b$", "(?i)(ab|ba){1,40}c", "(x|xx|xxx){1,40}y",
]  # fmt: skip
COSTLY = [
    *(f"{name}.regex={quote(one)}" for one in COSTLY_PATTERNS for name in ("description", ITEM * 3 + "note.text")),
    "&".join(f"description.regex={quote(f'(x|y|xy){{1,60}}z{n}')}" for n in range(99)),
    "&".join(f"description.regex={quote(f'(x|y|xy){{1,60}}z{n}')}" for n in range(5)),
    "filter=" + quote("$[?(" + "||".join(f"@.description=~/(x|y|xy){{1,60}}{n}/" for n in range(40)) + ")]"),
    f"note.date.lt={EVERY_MILLENNIUM}",
    "&".join(f"{ITEM * depth}note.date.{sign}={EVERY_MILLENNIUM}" for depth in range(4) for sign in ("gt", "lte")),
    f"requestedStartDate.ne={EVERY_MILLENNIUM}&sort=requestedStartDate,-completionDate",
    ITEM + "product.productCharacteristic.value.gt=" + MANY(f"{n}.5" for n in range(99)),
    ITEM + "product.productCharacteristic.value=" + MANY(f"{n}" for n in range(99)),
    "&".join(f"{ITEM * depth}note.{name}.{sign}=q" for depth in range(4) for name in ("text", "author", "id")
             for sign in ("ne", "gt", "lt", "gte")),
    "&".join(f"{name}.{sign}=" + MANY(f"v{n}" for n in range(100)) for name in ("note.text", "category", "@type",
             ITEM + "id", ITEM * 2 + "note.text", "externalId.owner") for sign in ("eq", "ne", "gt", "lt")),
    "filter=" + quote("note[?(" + "||".join(f"@.text=='{n}'" for n in range(50)) + ")]"),
    "filter=" + quote("note[?(" + "&&".join(f"(@.text=='{n}'||@.author=='{n}')" for n in range(25)) + ")]"),
    "filter=" + quote("$[?(" + "&&".join(f"(@.category!='{n}'||!@.priority)" for n in range(25)) + ")]"),
    "filter=" + quote("$[?(" + "&&".join(f"@.note[?(@.text!='{n}')]" for n in range(22)) + ")]"),
    "filter=" + quote("$[?(" + "||".join(f"@.{ITEM * 3}note[?(@.date>'{n}-01-01')]" for n in range(2000, 2024)) + ")]"),
    "filter=" + quote("$[?(" + "||".join(f"!@.{ITEM * 3}note[?(@.id=='{n}')]" for n in range(30)) + ")]"),
    *("filter=" + quote("$[?(" + "!(" * depth + "@.id=='1'" + "||@.id=='2'&&@.state=='3')" * depth + ")]")
      for depth in range(2, 16)),
    *("filter=" + quote(f"{ITEM * lists}note[?({'!(' * depth}@.id=='1'" + "||@.id=='2'&&@.text!='3')" * depth + ")]")
      for lists in (2, 4, 6, 9) for depth in (2, 6, 11)),
    *(f"{ITEM * depth}id=1" for depth in range(4, 12)),
    "filter=" + quote("$[?(" + "(" * 11 + "@.id=='1'" + ")" * 11 + ")]"),
    "filter=" + quote("$[?(" + "&&".join(["!" * 60 + "@.note"] * 25) + ")]"),
    "sort=category,-description,priority,requestedStartDate,-requestedCompletionDate&offset=2900",
    "sort=-description,-description,-description,-description,-description&offset=9999999&limit=200",
    "fields=" + MANY(["note.text"] * 200), "fields=" + MANY(["id"] * 5000), "fields=" + ITEM * 100 + "id",
    "fields=" + MANY(ITEM * depth + "note.author" for depth in range(12)),
    "&".join(f"note.author=x{n}" for n in range(5000)), "note.author=" + MANY(str(n) for n in range(5000)),
    "note.author=" + "%2C" * 600, "&" * 5000, "&".join(f"sort=a{n}" for n in range(90)), "a" * 60_000 + "=1",
    "state=" + "%F0%9F%92%A9" * 400, "state" + "%3B" * 1900, '"' * 1999, "state=" + '"' * 1990, "state=" + '\\"' * 900,
    "filter=" + quote("$.note[?(@.author=='" + "\\" * 1900 + "')]"), "filter=" + quote("'" * 1999),
    "filter=" + quote("/" * 1999), "filter=" + quote("$.note[?(@.text=~/" + "\\/" * 900 + "/)]"),
    "filter=" + quote("$" + "['note']" * 100), "filter=" + quote("$" + "[*]" * 600), "filter=" + "-" * 1900,
    "filter=" + quote("$.note[?(@.id==" + "9" * 1900 + ")]"),
    "description=" + quote("' UNION SELECT 1 --"), "description.regex=" + quote("'||pg_sleep(9)||'"),
    "id=" + quote("1' OR pg_sleep(9) IS NULL --"),
    "filter=" + quote("$.note[?(@.author=='x' OR pg_sleep(9))]"), "sort=" + quote("id;SELECT pg_sleep(9)"),
]  # fmt: skip
"""What looks for the most work that the bounds still let in, or for a bound that is missing."""


def queries(count: int, seed: int = 622) -> Iterator[bytes]:
    """First every one above, then mixtures of them."""
    yield from (f"description.regex={quote(one)}".encode() for one in PATTERNS)
    yield from (f"note.text%3D~{quote(one)}".encode() for one in PATTERNS)
    yield from (f"filter={quote(f'note[?(@.text=~/{one}/i)]')}".encode() for one in PATTERNS)
    yield from (f"filter={quote(one)}".encode() for one in FILTERS)
    yield from (one.encode() for one in OTHERS)
    yield from (one.encode() for one in COSTLY)
    chance = random.Random(seed)
    for _ in range(count):
        parts = [_part(chance) for _ in range(chance.choice([1, 1, 1, 2, 3]))]
        yield "&".join(parts).encode()


def _part(chance: random.Random) -> str:
    kind = chance.randrange(10)
    if kind < 6:
        name, sign = chance.choice([chance.choice(NAMES), chance.choice(NAMES[:14])]), chance.choice(SIGNS)
        text = chance.choice(PATTERNS if "regex" in sign or "~" in sign else TEXTS)
        return (
            quote(name, safe=".@")
            + (quote(sign) if chance.random() < 0.5 else sign)
            + quote(text, safe=chance.choice(["", ",;"]))
        )
    if kind < 8:
        source = chance.choice(FILTERS)
        at = chance.randrange(len(source) + 1)
        return f"filter={quote(source[:at] + chance.choice(TEXTS)[:100] + source[at:])}"
    if kind < 9:
        return "".join(chance.choice("%&=;,.'\"[]()?@$!<>~|a0 \\") for _ in range(chance.randrange(80)))
    return chance.choice(OTHERS)
