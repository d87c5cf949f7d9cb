-- Generated from shared/Contracts by tests/Polyglot.Tests: run them with UpdateContracts=yes.

-- The topic and the newest version of each type of message.
create or replace function forge.event_types(out type text, out topic text, out version int) returns setof record
language sql immutable parallel safe as $fn$
    values
        ('inventory.product-changed', 'inventory.events', 1),
        ('inventory.release-stock', 'inventory.commands', 1),
        ('inventory.reservation-failed', 'inventory.events', 1),
        ('inventory.reserve-stock', 'inventory.commands', 1),
        ('inventory.stock-released', 'inventory.events', 1),
        ('inventory.stock-reserved', 'inventory.events', 1),
        ('notifications.notification-sent', 'notification.events', 2),
        ('orders.order-cancelled', 'order.events', 1),
        ('orders.order-confirmed', 'order.events', 1),
        ('orders.order-placed', 'order.events', 1),
        ('payments.charge-payment', 'payment.commands', 1),
        ('payments.payment-charged', 'payment.events', 1),
        ('payments.payment-declined', 'payment.events', 1),
        ('payments.payment-refunded', 'payment.events', 1),
        ('payments.refund-payment', 'payment.commands', 1),
        ('recommendations.recommendations-changed', 'recommendation.events', 1),
        ('users.user-deactivated', 'user.events', 1),
        ('users.user-profile-changed', 'user.events', 1),
        ('users.user-registered', 'user.events', 1)
$fn$;

-- The number of decimals of a currency; null for an unknown one.
create or replace function forge.currency_decimals(currency text) returns int
language sql immutable parallel safe
return case
    when currency collate "C" in (
        'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF',
        'XPF') then 0
    when currency collate "C" in (
        'AED', 'AFN', 'ALL', 'AMD', 'ANG', 'AOA', 'ARS', 'AUD', 'AWG', 'AZN', 'BAM', 'BBD', 'BDT', 'BGN', 'BMD', 'BND',
        'BOB', 'BOV', 'BRL', 'BSD', 'BTN', 'BWP', 'BYN', 'BZD', 'CAD', 'CDF', 'CHE', 'CHF', 'CHW', 'CNY', 'COP', 'COU',
        'CRC', 'CUP', 'CVE', 'CZK', 'DKK', 'DOP', 'DZD', 'EGP', 'ERN', 'ETB', 'EUR', 'FJD', 'FKP', 'GBP', 'GEL', 'GHS',
        'GIP', 'GMD', 'GTQ', 'GYD', 'HKD', 'HNL', 'HTG', 'HUF', 'IDR', 'ILS', 'INR', 'IRR', 'JMD', 'KES', 'KGS', 'KHR',
        'KPW', 'KYD', 'KZT', 'LAK', 'LBP', 'LKR', 'LRD', 'LSL', 'MAD', 'MDL', 'MGA', 'MKD', 'MMK', 'MNT', 'MOP', 'MRU',
        'MUR', 'MVR', 'MWK', 'MXN', 'MXV', 'MYR', 'MZN', 'NAD', 'NGN', 'NIO', 'NOK', 'NPR', 'NZD', 'PAB', 'PEN', 'PGK',
        'PHP', 'PKR', 'PLN', 'QAR', 'RON', 'RSD', 'RUB', 'SAR', 'SBD', 'SCR', 'SDG', 'SEK', 'SGD', 'SHP', 'SLE', 'SOS',
        'SRD', 'SSP', 'STN', 'SVC', 'SYP', 'SZL', 'THB', 'TJS', 'TMT', 'TOP', 'TRY', 'TTD', 'TWD', 'TZS', 'UAH', 'USD',
        'USN', 'UYU', 'UZS', 'VED', 'VES', 'WST', 'XCD', 'XCG', 'YER', 'ZAR', 'ZMW', 'ZWG') then 2
    when currency collate "C" in (
        'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3
    when currency collate "C" in (
        'CLF', 'UYW') then 4
end;
