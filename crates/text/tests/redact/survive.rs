//! Near misses: what looks like personal data and is none.

use crate::stays;

#[test]
fn numbers_of_other_things() {
    for text in [
        "Das kostet 1.234.567,89 € oder 12 345 678 EUR.",
        "It was $1,234,567 or 25 000 000 people",
        "Am 24.12.2024 um 18:30:15 Uhr",
        "2024-11-05 14:30, 2019-2024, 1999/2000",
        "Version 10.0.19045.3803, v1.2.3.4, release 2.13.0.1",
        "Chrome/120.0.0.0 Safari/537.36",
        "ISBN 978-3-16-148410-0, ISBN 0-306-40615-2",
        "https://t.example/status/1850123456789012345",
        "tweet 1850123456789012345",
        "id 1534567890123456789",
        "unix time 1700000000",
        "Order no. 0123456789012",
        "§ 12 Abs. 3, Art. 6 Abs. 1",
        "score 3-2, 110:98",
        "3.14159265358979",
        "0.123456789",
        "1 000 000",
        "+10 000 000",
        "+25 %",
        "scale 1:25.000",
        "DE12345 and AT 12",
        "IP 68",
        "10.0.0.0/8 and 127.0.0.1 and 255.255.255.0",
        "12:30:45 and 00:1a:2b:3c:4d:5e",
        "std::vector<int>, Foo::Bar1, a::b",
        "1e10 0x7fffffff",
        "4111 1111 1111 1112",
        "DE89 3704 0044 0532 0130 01",
        "SSN 054-28-6917",
        "000000000000",
        "0000 0000 0000 0000",
        "DIN EN ISO 9001:2015",
        "BGBl. I 2021 S. 1234",
        "Az. 1 BvR 209/83",
        "1848/49",
        "90-60-90",
        "Nr. 12345678",
    ] {
        stays(text);
    }
}

#[test]
fn words_and_places() {
    for text in [
        "Q&A at 5, R&D",
        "meet @ 5pm, @2024",
        "We look at python dot org",
        "at noon dot com boom",
        "and/or, w/ u, km/h, 24/7",
        "Auf dem Weg 3 Leute getroffen",
        "auf Platz 1, auf Tabellenplatz 3",
        "via 3 stations",
        "Der Umweg 5 km",
        "in 5 Minuten",
        "the 3 way street",
        "2 Drive",
        "12 people on the road",
        "5 place",
        "@everyone @here",
        "https://github.com/search?q=mandat",
        "https://news.example/2024/11/05/a-story-12345678901.html",
        "https://en.wikipedia.org/wiki/Mention_(blogging)",
        "user/name",
        "u/",
        "(at) home [at] last",
        "Kapitel 3, Seite 12",
        "Apollo 11, Windows 11, Covid 19",
        "iPhone 15 Pro",
    ] {
        stays(text);
    }
}
