"""Message ids of the TWS socket under IB's own names, and the server versions that change a layout."""

from __future__ import annotations

from typing import Final


class In:
    """What the server sends."""

    TICK_PRICE: Final = 1
    TICK_SIZE: Final = 2
    ORDER_STATUS: Final = 3
    ERR_MSG: Final = 4
    OPEN_ORDER: Final = 5
    ACCT_VALUE: Final = 6
    PORTFOLIO_VALUE: Final = 7
    ACCT_UPDATE_TIME: Final = 8
    NEXT_VALID_ID: Final = 9
    CONTRACT_DATA: Final = 10
    EXECUTION_DATA: Final = 11
    MARKET_DEPTH: Final = 12
    MARKET_DEPTH_L2: Final = 13
    MANAGED_ACCTS: Final = 15
    HISTORICAL_DATA: Final = 17
    BOND_CONTRACT_DATA: Final = 18
    SCANNER_PARAMETERS: Final = 19
    TICK_OPTION_COMPUTATION: Final = 21
    TICK_GENERIC: Final = 45
    TICK_STRING: Final = 46
    CURRENT_TIME: Final = 49
    REAL_TIME_BARS: Final = 50
    CONTRACT_DATA_END: Final = 52
    OPEN_ORDER_END: Final = 53
    ACCT_DOWNLOAD_END: Final = 54
    EXECUTION_DATA_END: Final = 55
    TICK_SNAPSHOT_END: Final = 57
    MARKET_DATA_TYPE: Final = 58
    COMMISSION_REPORT: Final = 59
    POSITION_DATA: Final = 61
    POSITION_END: Final = 62
    ACCOUNT_SUMMARY: Final = 63
    ACCOUNT_SUMMARY_END: Final = 64
    DISPLAY_GROUP_LIST: Final = 67
    POSITION_MULTI: Final = 71
    POSITION_MULTI_END: Final = 72
    ACCOUNT_UPDATE_MULTI: Final = 73
    ACCOUNT_UPDATE_MULTI_END: Final = 74
    SECURITY_DEFINITION_OPTION_PARAMETER: Final = 75
    SECURITY_DEFINITION_OPTION_PARAMETER_END: Final = 76
    SOFT_DOLLAR_TIERS: Final = 77
    FAMILY_CODES: Final = 78
    SYMBOL_SAMPLES: Final = 79
    MKT_DEPTH_EXCHANGES: Final = 80
    TICK_REQ_PARAMS: Final = 81
    SMART_COMPONENTS: Final = 82
    NEWS_PROVIDERS: Final = 85
    HISTORICAL_NEWS_END: Final = 87
    HEAD_TIMESTAMP: Final = 88
    HISTORICAL_DATA_UPDATE: Final = 90
    MARKET_RULE: Final = 93
    PNL: Final = 94
    PNL_SINGLE: Final = 95
    TICK_BY_TICK: Final = 99
    ORDER_BOUND: Final = 100
    COMPLETED_ORDER: Final = 101
    COMPLETED_ORDERS_END: Final = 102
    HISTORICAL_SCHEDULE: Final = 106
    USER_INFO: Final = 107
    HISTORICAL_DATA_END: Final = 108
    CURRENT_TIME_IN_MILLIS: Final = 109
    CONFIG_RESPONSE: Final = 110


class Out:
    """What a client sends."""

    REQ_MKT_DATA: Final = 1
    CANCEL_MKT_DATA: Final = 2
    PLACE_ORDER: Final = 3
    CANCEL_ORDER: Final = 4
    REQ_OPEN_ORDERS: Final = 5
    REQ_ACCT_DATA: Final = 6
    REQ_EXECUTIONS: Final = 7
    REQ_IDS: Final = 8
    REQ_CONTRACT_DATA: Final = 9
    REQ_MKT_DEPTH: Final = 10
    CANCEL_MKT_DEPTH: Final = 11
    REQ_NEWS_BULLETINS: Final = 12
    CANCEL_NEWS_BULLETINS: Final = 13
    SET_SERVER_LOGLEVEL: Final = 14
    REQ_AUTO_OPEN_ORDERS: Final = 15
    REQ_ALL_OPEN_ORDERS: Final = 16
    REQ_MANAGED_ACCTS: Final = 17
    REQ_FA: Final = 18
    REPLACE_FA: Final = 19
    REQ_HISTORICAL_DATA: Final = 20
    EXERCISE_OPTIONS: Final = 21
    REQ_SCANNER_SUBSCRIPTION: Final = 22
    CANCEL_SCANNER_SUBSCRIPTION: Final = 23
    REQ_SCANNER_PARAMETERS: Final = 24
    CANCEL_HISTORICAL_DATA: Final = 25
    REQ_CURRENT_TIME: Final = 49
    REQ_REAL_TIME_BARS: Final = 50
    CANCEL_REAL_TIME_BARS: Final = 51
    REQ_FUNDAMENTAL_DATA: Final = 52
    CANCEL_FUNDAMENTAL_DATA: Final = 53
    REQ_CALC_IMPLIED_VOLAT: Final = 54
    REQ_CALC_OPTION_PRICE: Final = 55
    CANCEL_CALC_IMPLIED_VOLAT: Final = 56
    CANCEL_CALC_OPTION_PRICE: Final = 57
    REQ_GLOBAL_CANCEL: Final = 58
    REQ_MARKET_DATA_TYPE: Final = 59
    REQ_POSITIONS: Final = 61
    REQ_ACCOUNT_SUMMARY: Final = 62
    CANCEL_ACCOUNT_SUMMARY: Final = 63
    CANCEL_POSITIONS: Final = 64
    QUERY_DISPLAY_GROUPS: Final = 67
    START_API: Final = 71
    REQ_POSITIONS_MULTI: Final = 74
    CANCEL_POSITIONS_MULTI: Final = 75
    REQ_ACCOUNT_UPDATES_MULTI: Final = 76
    CANCEL_ACCOUNT_UPDATES_MULTI: Final = 77
    REQ_SEC_DEF_OPT_PARAMS: Final = 78
    REQ_SOFT_DOLLAR_TIERS: Final = 79
    REQ_FAMILY_CODES: Final = 80
    REQ_MATCHING_SYMBOLS: Final = 81
    REQ_MKT_DEPTH_EXCHANGES: Final = 82
    REQ_SMART_COMPONENTS: Final = 83
    REQ_NEWS_ARTICLE: Final = 84
    REQ_NEWS_PROVIDERS: Final = 85
    REQ_HISTORICAL_NEWS: Final = 86
    REQ_HEAD_TIMESTAMP: Final = 87
    REQ_HISTOGRAM_DATA: Final = 88
    CANCEL_HISTOGRAM_DATA: Final = 89
    CANCEL_HEAD_TIMESTAMP: Final = 90
    REQ_MARKET_RULE: Final = 91
    REQ_PNL: Final = 92
    CANCEL_PNL: Final = 93
    REQ_PNL_SINGLE: Final = 94
    CANCEL_PNL_SINGLE: Final = 95
    REQ_HISTORICAL_TICKS: Final = 96
    REQ_TICK_BY_TICK_DATA: Final = 97
    CANCEL_TICK_BY_TICK_DATA: Final = 98
    REQ_COMPLETED_ORDERS: Final = 99
    REQ_WSH_META_DATA: Final = 100
    CANCEL_WSH_META_DATA: Final = 101
    REQ_WSH_EVENT_DATA: Final = 102
    CANCEL_WSH_EVENT_DATA: Final = 103
    REQ_USER_INFO: Final = 104
    REQ_CURRENT_TIME_IN_MILLIS: Final = 105
    CANCEL_CONTRACT_DATA: Final = 106
    REQ_CONFIG: Final = 108


class Since:
    """Server versions at which a layout changed, under IB's names without the MIN_SERVER_VER_ prefix."""

    ORDER_CONTAINER: Final = 145
    SMART_DEPTH: Final = 146
    D_PEG_ORDERS: Final = 148
    MKT_DEPTH_PRIM_EXCHANGE: Final = 149
    COMPLETED_ORDERS: Final = 150
    PRICE_MGMT_ALGO: Final = 151
    STOCK_TYPE: Final = 152
    NO_DEFAULT_OPEN_CLOSE: Final = 155
    PRICE_BASED_VOLATILITY: Final = 156
    REPLACE_FA_END: Final = 157
    DURATION: Final = 158
    MARKET_DATA_IN_SHARES: Final = 159
    POST_TO_ATS: Final = 160
    WSHE_CALENDAR: Final = 161
    AUTO_CANCEL_PARENT: Final = 162
    FRACTIONAL_SIZE_SUPPORT: Final = 163
    SIZE_RULES: Final = 164
    HISTORICAL_SCHEDULE: Final = 165
    ADVANCED_ORDER_REJECT: Final = 166
    USER_INFO: Final = 167
    MANUAL_ORDER_TIME: Final = 169
    PEGBEST_PEGMID_OFFSETS: Final = 170
    WSH_EVENT_DATA_FILTERS: Final = 171
    WSH_EVENT_DATA_FILTERS_DATE: Final = 173
    INSTRUMENT_TIMEZONE: Final = 174
    HMDS_MARKET_DATA_IN_SHARES: Final = 175
    BOND_ISSUERID: Final = 176
    FA_PROFILE_DESUPPORT: Final = 177
    PENDING_PRICE_REVISION: Final = 178
    MANUAL_ORDER_TIME_EXERCISE: Final = 180
    LAST_TRADE_DATE: Final = 182
    CUSTOMER_ACCOUNT: Final = 183
    PROFESSIONAL_CUSTOMER: Final = 184
    BOND_ACCRUED_INTEREST: Final = 185
    INELIGIBILITY_REASONS: Final = 186
    RFQ_FIELDS: Final = 187
    BOND_TRADING_HOURS: Final = 188
    INCLUDE_OVERNIGHT: Final = 189
    UNDO_RFQ_FIELDS: Final = 190
    CME_TAGGING_FIELDS: Final = 192
    CME_TAGGING_FIELDS_IN_OPEN_ORDER: Final = 193
    ERROR_TIME: Final = 194
    FULL_ORDER_PREVIEW_FIELDS: Final = 195
    HISTORICAL_DATA_END: Final = 196
    CURRENT_TIME_IN_MILLIS: Final = 197
    SUBMITTER: Final = 198
    IMBALANCE_ONLY: Final = 199
    PARAMETRIZED_DAYS_OF_EXECUTIONS: Final = 200
    PROTOBUF: Final = 201  # ids are four bytes; executions in protobuf
    PROTOBUF_PLACE_ORDER: Final = 203
    PROTOBUF_COMPLETED_ORDER: Final = 204
    PROTOBUF_CONTRACT_DATA: Final = 205
    PROTOBUF_MARKET_DATA: Final = 206
    PROTOBUF_ACCOUNTS_POSITIONS: Final = 207
    PROTOBUF_HISTORICAL_DATA: Final = 208
    PROTOBUF_SCAN_DATA: Final = 210
    PROTOBUF_REST_MESSAGES_2: Final = 212
    PROTOBUF_REST_MESSAGES_3: Final = 213
    ADD_Z_SUFFIX_TO_UTC_DATE_TIME: Final = 214
    CANCEL_CONTRACT_DATA: Final = 215
    ATTACHED_ORDERS: Final = 218
    CONFIG: Final = 219


LOWEST: Final = 145  # the oldest server version whose layouts are known here
HIGHEST: Final = 226  # the newest
TEXT: Final = 200  # the newest in text; above it ids are binary, and ever more messages protobuf
PROTOBUF_IDS: Final = 200  # what the id of a message in protobuf is above its own
OFFICIAL: Final = 157  # the newest that ibapi 9.81.1 knows, the official client of the package index
