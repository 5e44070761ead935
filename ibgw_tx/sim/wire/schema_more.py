"""More messages of schema.py, in its notation: small questions and their answers, news, scanners, TWS's settings changed."""

TEXT = """
CalculateImpliedVolatilityRequest = reqId:i, contract:Contract, optionPrice:d, underPrice:d, impliedVolatilityOptions:map
CalculateOptionPriceRequest = reqId:i, contract:Contract, volatility:d, underPrice:d, optionPriceOptions:map
CancelCalculateImpliedVolatility = reqId:i
CancelCalculateOptionPrice = reqId:i
CancelHistogramData = reqId:i
CancelHistoricalTicks = reqId:i
CancelScannerSubscription = reqId:i
CancelWshEventData = reqId:i
CancelWshMetaData = reqId:i
ContractDescription = contract:Contract, derivativeSecTypes:s[]
DepthMarketDataDescription = exchange:s, secType:s, listingExch:s, serviceDataType:s, aggGroup:i
DisplayGroupList = reqId:i, groups:s
FamilyCode = accountId:s, familyCode:s
FamilyCodes = familyCodes:FamilyCode[]
FAReplace = reqId:i, faDataType:i, xml:s
FARequest = faDataType:i
HeadTimestamp = reqId:i, headTimestamp:s
HistogramDataRequest = reqId:i, contract:Contract, useRTH:b, timePeriod:s
HistoricalNewsEnd = reqId:i, hasMore:b
HistoricalNewsRequest = reqId:i, conId:i, providerCodes:s, startDateTime:s, endDateTime:s, totalResults:i,
    historicalNewsOptions:map
HistoricalSchedule = reqId:i, startDateTime:s, endDateTime:s, timeZone:s, historicalSessions:HistoricalSession[]
HistoricalSession = startDateTime:s, endDateTime:s, refDate:s
HistoricalTicksRequest = reqId:i, contract:Contract, startDateTime:s, endDateTime:s, numberOfTicks:i, whatToShow:s, useRTH:b,
    ignoreSize:b, miscOptions:map
MarketDepthExchanges = depthMarketDataDescriptions:DepthMarketDataDescription[]
NewsArticleRequest = reqId:i, providerCode:s, articleId:s, newsArticleOptions:map
NewsBulletin = newsMsgId:i, newsMsgType:i, newsMessage:s, originatingExch:s
NewsProvider = providerCode:s, providerName:s
NewsProviders = newsProviders:NewsProvider[]
ScannerParameters = xml:s
ScannerSubscription = numberOfRows:i, instrument:s, locationCode:s, scanCode:s
ScannerSubscriptionRequest = reqId:i, scannerSubscription:ScannerSubscription
SetServerLogLevelRequest = logLevel:i
SmartComponent = bitNumber:i, exchange:s, exchangeLetter:s
SmartComponents = reqId:i, smartComponents:SmartComponent[]
SoftDollarTiers = reqId:i, softDollarTiers:SoftDollarTier[]
SubscribeToGroupEventsRequest = reqId:i, groupId:i
SymbolSamples = reqId:i, contractDescriptions:ContractDescription[]
UnsubscribeFromGroupEventsRequest = reqId:i
UpdateConfigRequest = reqId:i, lockAndExit:LockAndExitConfig, messages:MessageConfig[], api:ApiConfig, orders:OrdersConfig,
    acceptedWarnings:UpdateConfigWarning[], resetAPIOrderSequence:b
UpdateConfigResponse = reqId:i, status:s, message:s, changedFields:s[], errors:s[], warnings:UpdateConfigWarning[]
UpdateConfigWarning = messageId:i, title:s, message:s
UpdateDisplayGroupRequest = reqId:i, contractInfo:s
UserInfo = reqId:i, whiteBrandingId:s
WshEventDataRequest = reqId:i, conId:i, filter:s, fillWatchlist:b, fillPortfolio:b, fillCompetitors:b, startDate:s, endDate:s,
    totalLimit:i
WshMetaDataRequest = reqId:i
"""
