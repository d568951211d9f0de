//! Invented examples by kind and country. Numbers are from ranges kept for fiction, or fit their plan by chance.

use crate::check;

#[test]
fn mail_addresses() {
    for address in [
        "erika.beispiel@post.example.de",
        "o'neil+news@sub.host.co.uk",
        "müller@bäckerei.example",
        "x_y-z%q@a-b.io",
        "a@[192.0.2.7]",
    ] {
        check(&format!("Write to {address}, please."), "Write to <EMAIL_1>, please.");
    }
    check("mailto:kim@host.example?subject=hi", "mailto:<EMAIL_1>?subject=hi");
    check("a@x.de, b@x.de, A@X.de", "<EMAIL_1>, <EMAIL_2>, <EMAIL_1>");
}

#[test]
fn mail_addresses_spelled_around() {
    for spelled in [
        "erika (at) post.de",
        "erika[at]post[dot]de",
        "erika {at} post {punkt} de",
        "erika at post dot de",
        "erika(ät)post.de",
        "erika at mail-host dot co dot uk",
        "erika@post dot com",
        "erika at post punkt de",
    ] {
        check(&format!("Mail: {spelled} !"), "Mail: <EMAIL_1> !");
    }
}

#[test]
fn telephone_numbers_with_a_country() {
    for number in [
        "+49 30 23125 000",
        "+49 (0)30 23125-000",
        "0049 30 23125000",
        "+43 1 5123456",
        "+41 44 668 18 00",
        "+33 1 99 00 12 34",
        "+39 06 1234 5678",
        "+34 612 34 56 78",
        "+31 6 12345678",
        "+48 512 345 678",
        "+44 7700 900123",
        "+1 (202) 555-0143",
        "+4915223433333",
        "+86 138 0013 8000",
    ] {
        check(&format!("({number})"), "(<PHONE_1>)");
        check(&format!("Ich bin unter {number} da."), "Ich bin unter <PHONE_1> da.");
    }
}

#[test]
fn telephone_numbers_as_dialled_at_home() {
    for number in [
        "030 23125 000",
        "030/23125-0001",
        "0151 12345678",
        "015112345678",
        "01 5123456 78",
        "0664 1234567",
        "044 668 18 00",
        "079 123 45 67",
        "01 99 00 12 34",
        "06.39.98.12.34",
        "0639981234",
        "347 1234567",
        "06 1234 5678",
        "91 123 45 67",
        "612 34 56 78",
        "06-12345678",
        "020 1234567",
        "512-345-678",
        "07700 900123",
        "020 7946 0123",
        "(202) 555-0143",
        "202-555-0143",
        "202.555.0143",
        "1-202-555-0143 x123",
    ] {
        check(&format!("Ja, {number}!"), "Ja, <PHONE_1>!");
    }
}

#[test]
fn telephone_numbers_by_the_word_beside_them() {
    check("Tel.: 7654321", "Tel.: <PHONE_1>");
    check("Handy 512 345 678", "Handy <PHONE_1>");
    check("call me at 5550143", "call me at <PHONE_1>");
    check("Zadzwoń: 512345678", "Zadzwoń: <PHONE_1>");
    check("437 12 345 (mobile)", "<PHONE_1> (mobile)");
    check("Call 1 (138****5678)", "Call 1 (<PHONE_1>)");
}

// Accounts of the examples in the SWIFT registry and of national banks' manuals.
#[test]
fn accounts() {
    for iban in [
        "DE89 3704 0044 0532 0130 00",
        "AT611904300234573201",
        "CH93 0076 2011 6238 5295 7",
        "FR14 2004 1010 0505 0001 3M02 606",
        "IT60 X054 2811 1010 0000 0123 456",
        "ES91 2100 0418 4502 0005 1332",
        "NL91ABNA0417164300",
        "PL61 1090 1014 0000 0712 1981 2874",
        "GB29 NWBK 6016 1331 9268 19",
        "gb29nwbk60161331926819",
        "BE68-5390-0754-7034",
        "DE 89 3704 0044 0532 0130 00",
    ] {
        check(&format!("IBAN „{iban}“, danke"), "IBAN „<IBAN_1>“, danke");
    }
    check("DE89370400440532013000 = DE89 3704 0044 0532 0130 00", "<IBAN_1> = <IBAN_1>");
}

// The schemes' published test numbers.
#[test]
fn cards() {
    for card in
        ["4111 1111 1111 1111", "5500-0000-0000-0004", "340000000000009", "3782 822463 10005", "6011000000000004"]
    {
        check(&format!("pay {card} 12/27"), "pay <CARD_1> 12/27");
    }
    check("card 30000000000004", "card <CARD_1>");
    check("Karte: 6304000000000000", "Karte: <CARD_1>");
}

#[test]
fn network_addresses() {
    for ip in
        ["203.0.113.7", "192.168.178.20", "2001:db8::8a2e:370:7334", "fe80::1ff:fe23:4567:890a", "2001:db8:0:0:1:0:0:1"]
    {
        check(&format!("from {ip}, again"), "from <IP_1>, again");
        check(&format!("({ip})."), "(<IP_1>).");
    }
    check("http://203.0.113.7:8080/x", "http://<IP_1>:8080/x");
    check("[2001:db8::1]:443", "[<IP_1>]:443");
}

#[test]
fn postal_addresses() {
    for address in [
        "Lindenweg 4",
        "Karl-Marx-Allee 12a, 10243 Berlin",
        "Lange Straße 7",
        "Hauptstr. 15, A-1010 Wien",
        "Bahnhofstrasse 1, 8001 Zürich",
        "12 rue de la Paix",
        "5 bis, avenue Victor Hugo, 75016 Paris",
        "Via Garibaldi 3, 20121 Milano",
        "Piazza San Marco, 12",
        "Calle Mayor, 21",
        "Keizersgracht 123, 1015 CJ Amsterdam",
        "ul. Długa 7, 00-950 Warszawa",
        "221B Baker Street",
        "10 High Road, London SW1A 1AA",
        "742 Evergreen Terrace, Springfield, IL 62704",
        "12 Elm St, Apt. 4",
        "P.O. Box 99",
        "Postfach 1234",
        "SW1A 1AA",
    ] {
        check(&format!("Er wohnt {address}."), "Er wohnt <ADDRESS_1>.");
    }
}

#[test]
fn handles() {
    check("@Kim_99 and @kim_99!", "<HANDLE_1> and <HANDLE_1>!");
    check("by @kim@social.example.", "by <HANDLE_1>.");
    check("cc .@kim.bsky.social (via u/some_name, /u/other1)", "cc .<HANDLE_1> (via <HANDLE_2>, <HANDLE_3>)");
}

#[test]
fn urls_that_say_who() {
    check("https://twitter.com/kim99/status/123456789012?s=20", "https://twitter.com/<URL_1>?s=20");
    check("see x.com/kim99.", "see x.com/<URL_1>.");
    check("https://www.facebook.com/profile.php?id=100012345678", "https://www.facebook.com/profile.php?id=<URL_1>");
    check("https://social.example/@kim/1234", "https://social.example/<URL_1>");
    check("https://de.linkedin.com/in/kim-beispiel-1a2b/", "https://de.linkedin.com/in/<URL_1>");
    check("https://shop.example/cart?item=3&user_id=991&x=1", "https://shop.example/cart?item=3&user_id=<URL_1>&x=1");
    check("https://kim:secret@host.example/x", "https://<URL_1>@host.example/x");
    check("https://wa.me/491701234567", "https://wa.me/<URL_1>");
    check("https://shop.example/?email=kim@host.example&p=1", "https://shop.example/?email=<URL_1>&p=1");
}
