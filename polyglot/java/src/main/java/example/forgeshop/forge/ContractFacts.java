// Generated from shared/Contracts by tests/Polyglot.Tests: run them with UpdateContracts=yes.
package example.forgeshop.forge;

import java.util.Map;
import java.util.TreeMap;

/** The types of messages and the currencies; {@link Contracts} publishes both. */
final class ContractFacts {
    static final Map<String, Contracts.Event> EVENTS = new TreeMap<>();
    static final Map<String, Integer> CURRENCY_DECIMALS = new TreeMap<>();

    static {
        event("inventory.product-changed", "inventory.events", 1);
        event("inventory.release-stock", "inventory.commands", 1);
        event("inventory.reservation-failed", "inventory.events", 1);
        event("inventory.reserve-stock", "inventory.commands", 1);
        event("inventory.stock-released", "inventory.events", 1);
        event("inventory.stock-reserved", "inventory.events", 1);
        event("notifications.notification-sent", "notification.events", 2);
        event("orders.order-cancelled", "order.events", 1);
        event("orders.order-confirmed", "order.events", 1);
        event("orders.order-placed", "order.events", 1);
        event("payments.charge-payment", "payment.commands", 1);
        event("payments.payment-charged", "payment.events", 1);
        event("payments.payment-declined", "payment.events", 1);
        event("payments.payment-refunded", "payment.events", 1);
        event("payments.refund-payment", "payment.commands", 1);
        event("recommendations.recommendations-changed", "recommendation.events", 1);
        event("users.user-deactivated", "user.events", 1);
        event("users.user-profile-changed", "user.events", 1);
        event("users.user-registered", "user.events", 1);
        currencies(0, "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV");
        currencies(0, "XAF", "XOF", "XPF");
        currencies(2, "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN");
        currencies(2, "BMD", "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHE", "CHF");
        currencies(2, "CHW", "CNY", "COP", "COU", "CRC", "CUP", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB");
        currencies(2, "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF");
        currencies(2, "IDR", "ILS", "INR", "IRR", "JMD", "KES", "KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP", "LKR");
        currencies(2, "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN");
        currencies(2, "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK", "PHP", "PKR");
        currencies(2, "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS");
        currencies(2, "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TOP", "TRY", "TTD", "TWD", "TZS");
        currencies(2, "UAH", "USD", "USN", "UYU", "UZS", "VED", "VES", "WST", "XCD", "XCG", "YER", "ZAR", "ZMW", "ZWG");
        currencies(3, "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND");
        currencies(4, "CLF", "UYW");
    }

    private ContractFacts() {}

    private static void event(String type, String topic, int version) {
        EVENTS.put(type, new Contracts.Event(topic, version));
    }

    private static void currencies(int decimals, String... codes) {
        for (String code : codes) CURRENCY_DECIMALS.put(code, decimals);
    }
}
