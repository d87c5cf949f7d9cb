// Generated from shared/Contracts by tests/Polyglot.Tests: run them with UpdateContracts=yes.

/** `payments.charge-payment`, version 1, in `payment.commands`. */
export interface ChargePayment {
  readonly paymentId: PaymentId
  readonly orderId: OrderId
  readonly attempt: number
  readonly amount: Money
  readonly method: string
  readonly validUntil: Instant
}

/** An instant of RFC 3339 with any offset; without one it is UTC. Readers keep microseconds, or at least milliseconds, rounded down. */
export type Instant = string

export interface MissingStock {
  readonly productId: ProductId
  readonly wanted: number
  readonly available: number
}

/** An amount in a currency of ISO 4217: digits with at most the decimals of the currency, never negative, no number. */
export interface Money {
  readonly amount: string
  readonly currency: string
}

export type NotificationId = Uuid

/** `notifications.notification-sent`, version 2, in `notification.events`. */
export interface NotificationSent {
  readonly notificationId: NotificationId
  readonly userId: UserId
  readonly kind: string
  readonly reference: Uuid
  readonly channel: string
  readonly sentAt: Instant
}

/** `orders.order-cancelled`, version 1, in `order.events`. */
export interface OrderCancelled {
  readonly orderId: OrderId
  readonly userId: UserId
  readonly reason: string
  readonly total: Money
  readonly cancelledAt: Instant
  readonly confirmedAt?: Instant | null
  readonly items?: readonly OrderPlacedItem[] | null
}

/** `orders.order-confirmed`, version 1, in `order.events`. */
export interface OrderConfirmed {
  readonly orderId: OrderId
  readonly userId: UserId
  readonly total: Money
  readonly confirmedAt: Instant
  readonly items?: readonly OrderPlacedItem[] | null
}

export type OrderId = Uuid

export type OrderLineId = Uuid

/** `orders.order-placed`, version 1, in `order.events`. */
export interface OrderPlaced {
  readonly orderId: OrderId
  readonly userId: UserId
  readonly reference: string
  readonly status: string
  readonly items: readonly OrderPlacedItem[]
  readonly total: Money
  readonly paymentMethod: string
  readonly placedAt: Instant
}

export interface OrderPlacedItem {
  readonly lineId: OrderLineId
  readonly productId: ProductId
  readonly sku: string
  readonly name: string
  readonly quantity: number
  readonly unitPrice: Money
}

/** `payments.payment-charged`, version 1, in `payment.events`. */
export interface PaymentCharged {
  readonly paymentId: PaymentId
  readonly orderId: OrderId
  readonly amount: Money
  readonly chargedAt: Instant
}

/** `payments.payment-declined`, version 1, in `payment.events`. */
export interface PaymentDeclined {
  readonly paymentId: PaymentId
  readonly orderId: OrderId
  readonly reason: string
}

export type PaymentId = Uuid

/** `payments.payment-refunded`, version 1, in `payment.events`. */
export interface PaymentRefunded {
  readonly paymentId: PaymentId
  readonly orderId: OrderId
  readonly amount: Money
}

/** `inventory.product-changed`, version 1, in `inventory.events`. */
export interface ProductChanged {
  readonly productId: ProductId
  readonly sku: string
  readonly name: string
  readonly price: Money
  readonly available: number
  readonly changedAt: Instant
}

export type ProductId = Uuid

/** `recommendations.recommendations-changed`, version 1, in `recommendation.events`. */
export interface RecommendationsChanged {
  readonly productId: ProductId
  readonly sku: string
  readonly products: readonly RecommendedProduct[]
  readonly changedAt: Instant
}

export interface RecommendedProduct {
  readonly productId: ProductId
  readonly sku: string
  readonly orders: number
}

/** `payments.refund-payment`, version 1, in `payment.commands`. */
export interface RefundPayment {
  readonly paymentId: PaymentId
  readonly orderId: OrderId
  readonly attempt: number
  readonly amount: Money
}

/** `inventory.release-stock`, version 1, in `inventory.commands`. */
export interface ReleaseStock {
  readonly reservationId: ReservationId
  readonly orderId: OrderId
}

/** `inventory.reservation-failed`, version 1, in `inventory.events`. */
export interface ReservationFailed {
  readonly reservationId: ReservationId
  readonly orderId: OrderId
  readonly missing: readonly MissingStock[]
}

export type ReservationId = Uuid

/** `inventory.reserve-stock`, version 1, in `inventory.commands`. */
export interface ReserveStock {
  readonly reservationId: ReservationId
  readonly orderId: OrderId
  readonly lines: readonly ReserveStockLine[]
}

export interface ReserveStockLine {
  readonly productId: ProductId
  readonly quantity: number
}

/** `inventory.stock-released`, version 1, in `inventory.events`. */
export interface StockReleased {
  readonly reservationId: ReservationId
  readonly orderId: OrderId
}

/** `inventory.stock-reserved`, version 1, in `inventory.events`. */
export interface StockReserved {
  readonly reservationId: ReservationId
  readonly orderId: OrderId
}

/** `users.user-deactivated`, version 1, in `user.events`. */
export interface UserDeactivated {
  readonly userId: UserId
  readonly deactivatedAt: Instant
}

export type UserId = Uuid

/** `users.user-profile-changed`, version 1, in `user.events`. */
export interface UserProfileChanged {
  readonly userId: UserId
  readonly name: string
  readonly changedAt: Instant
}

/** `users.user-registered`, version 1, in `user.events`. */
export interface UserRegistered {
  readonly userId: UserId
  readonly email: string
  readonly name: string
  readonly registeredAt: Instant
}

/** The 36 characters of a UUID; writers use lower case. */
export type Uuid = string

/** The data of each type on the wire. */
export interface EventData {
  readonly 'payments.charge-payment': ChargePayment
  readonly 'notifications.notification-sent': NotificationSent
  readonly 'orders.order-cancelled': OrderCancelled
  readonly 'orders.order-confirmed': OrderConfirmed
  readonly 'orders.order-placed': OrderPlaced
  readonly 'payments.payment-charged': PaymentCharged
  readonly 'payments.payment-declined': PaymentDeclined
  readonly 'payments.payment-refunded': PaymentRefunded
  readonly 'inventory.product-changed': ProductChanged
  readonly 'recommendations.recommendations-changed': RecommendationsChanged
  readonly 'payments.refund-payment': RefundPayment
  readonly 'inventory.release-stock': ReleaseStock
  readonly 'inventory.reservation-failed': ReservationFailed
  readonly 'inventory.reserve-stock': ReserveStock
  readonly 'inventory.stock-released': StockReleased
  readonly 'inventory.stock-reserved': StockReserved
  readonly 'users.user-deactivated': UserDeactivated
  readonly 'users.user-profile-changed': UserProfileChanged
  readonly 'users.user-registered': UserRegistered
}

export type EventType = keyof EventData

/** The topic and the newest version of each type. */
export declare const events: { readonly [Type in EventType]: { readonly topic: string; readonly version: number } }

/** The number of decimals of each currency. */
export declare const currencyDecimals: Readonly<Record<string, number>>
