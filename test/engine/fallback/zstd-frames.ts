/**
 * What the zstd command (1.5) made of two texts, with a checksum each. Made with, for example:
 * `zstd -c --check -5 --target-compressed-block-size=1340`.
 */

/** So many words of a small vocabulary, in no order. */
function words(count: number): string {
  const found: string[] = [];
  for (let seed = 12345; found.length < count; ) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    found.push(`w${(seed >>> 16) % 50}`);
  }
  return found.join(' ');
}

/** So many lines that are alike. */
function lines(count: number): string {
  return Array.from({ length: count }, (_, i) => `line ${i % 97} of ${(i * 7919) % 1009}\n`).join('');
}

export interface ZstdFrame {
  /** What of the format it shows. */
  readonly shows: string;
  readonly content: string;
  readonly base64: string;
}

export const ZSTD_FRAMES: readonly ZstdFrame[] = [
  {
    shows: 'literals in one stream, predefined codes of the sequences',
    content: words(60),
    base64:
      'KLUv/QRoVQMAwogRC9A9AEBQhBThQMJbcyHw4q17NHJFbshMhZBF0Ny4Q3KJKG7SNboht+LmpbgRF+bGxbgl9+biPblyUy7EBbpZdJFuzbVr' +
      'cw0IECLX4kzjhRrUgxMMnRJk4qUSAYuZZxN5piZGOaxrBxPFqzc=',
  },
  {
    shows: 'blocks that take over the codes of the one before',
    content: words(1500),
    base64:
      'KLUv/QRYjCkAAtcrC+BtAIWV3Tul7M/VUnZizWjNs2OmOfQblBdZi7PKYe1LjUjuh0MeNn2QNJb/NHGMWE1VNX4/dRJXaiz+vkE208Rx02FE' +
      'k76csmoLstZRlJYwnB4ICfku057X5q3aTsbyIOgt+vu7XGYf0KsHxoM5eKNkqg+CJQd096A9YG1hP+R9wAP/4PwPwvaD+QF7IDwPyIPwAQ+K' +
      'B9ID8kEdUA96YD0IHsQPTH5QPxAfzMH4AoJdqJLNMEgKktKyHUIIIBgUDOSRuo0fEkCwycC2tgFgI5ldklZEwpdYBVfSb+i+W5pxPuAifBxC' +
      'BR/k6JYWKVmddWW0Gga3ejh2SLyBf9rZ8fiHGD+qRbgS4D6aViPqJHPSda4g+oWhePpCNc+TI7Ggox5buHGWXGdC4VPMHkLxTtkhMGfivx0e' +
      '8kHCwILzHARv5WatWtZm97A49NmBKDkSvCMRraTpkG8vdsd3gRGF9RJ9MMAcYtiXM7NcBg7VzikFksiE0ArDG7aR+CykRttDWdIOdqLEM54e' +
      'zJvnXEacrBinCStyaauOs4zfBUTHYF0f0TYr0CSgbDiZPgBUAzBkyI1BausWARiCjzJn+oSI0EV+qTD7IIA3Zj49Z2PWmwOSlm1yJ74THhyE' +
      'aJBoDI91BEKr1jjl1N7KS7ovTkS/7nkHq3o4+j63VNS6z3vQYCsLB21FhvhW/GginrlhTlqHMOVXoP+2KvJVHRx5AtEuJXpqFT8kxiS9f2R4' +
      's8X5sKFHUmQ89sgEXCNvWqL7toRAxjvAZJIDTdOMb1oYA739ZWoKxutJyaj5mCO6yLdAW1lTdTkAvDK4fGyPtqi7MICII+es6PrRqKRdbjKI' +
      'U3DEvfXRAet+jJIqqp24ecOrbbrRWAhRw8QXgooGIoBcB6aubgv49z+KMChbD1QCIbu8bIXoUdJVhL1V6AAOAbtXpRG1DY0QiqvkncLiIsRn' +
      'NaT6vQLUa1sn0o1/QnG6OqmLJG1Amh0OBeaMTi730/kc4XmJd9YBMQr2xBxjVVhDrCkcCo9mQHWnis383RndfA8SAvdYvD3bEVC3hDwDU8Au' +
      'xg9zTxh0tmwGZmfWfDSzQJjLnEjjL2S1eMIYtGP+U6RwQxjUC6FbV951jopelEP58HE9BgYf8bEmP9dri6DlHH7K6k8aI6MK97CKrMqqI1KV' +
      'wi3/PKmaByr4G+oMe+gRe0Ih7TufZjjMNM1h8xABFk6SjReIdU/A/BWwj5eTPIILVmcCpHKgwOwwPQTaOsqJnPTdnlxR5ARfLn/P7D5xLT6T' +
      'JB3mIP3hRjdIyIGYpz73acLh9QvSFJJU3VjFvb6CEFOP1A10wBW84s/3FFVgRWSTY6ByCEWPDEC1CrpKgEy3/avzQeAxu8x2hQRhRiY+ONJL' +
      '2wAEClw6HOcBhn872paNq8F2yqEhqiADLFu4+mIcPyj+FHaJFjuFHSkLRbBXLB5Ap8b9ERtseEpAfdt6X0M/EQlzMumemKPA8TVQngEoOY86' +
      'ix0P/93y6ENqSUBAIZ66kDtOV4pr+tnh8Q/jXYK6TlxjM3KYrN+Wjd2XPtYPd7TD/cEs92BYDh4aVmpgxgg7mopj2Ko7oPc68COYidt0KZWY' +
      'SQ42xOMAJrjUNPA5HhpCIZgs3tM6thUY14au4tNv1JCFm83MHkE3GgECZEM2VuKRExod2AQ+EZORZGa/McQo6J8oBwbapC6K4sLr0bbwda/R' +
      'EC/yZ45DN2CWGVKLFh5QFyDpclElCCwyA4ECRxvesUB2WjjIjbTlUl4b5QsA84ED0oP7wHpQcmy+HFaLlD2Aufykdf+7g0jIjs+0E0hhUMWk' +
      'wkFeR/M3L5/wTIVJK4hvNJ1IvKZwUBJZDNjbmzOmz/qu7FvuxPNFxqdyeWZcRooZMoquDkJMFrZ8uVu4ediBMjf3WkR6H030OrLB/tGXVYSt' +
      'WooNfSuZcjt6Ha13RwVpjr8M11bjwby3T+r9dcsxgSzzIWP4pOI1fw19KDN3SVnn5LHaA+pTGyxqZgMybBdRkWpSX1Rj2EAjnoZgtnsH5TKg' +
      'OxnfYLoFBWVlZFWblAgaBMOUOHTVlisF2HkJIFEVuzKCe/Lx1uV+SPWWBf49OQIwXUeuK6My4+tQUdKStJy6eLvvzv6w1SOpYJlp+4rmKtTA' +
      'nBKp/ZB6ry1lMSEBVE+bemTTShxkajSgBg57hu7kjIsujFWLb4o3YRRs+VzlafDsKrzkIuKb9OYtxtlFSwLlXzIZuaIbCCwYu99gtbOdqahT' +
      'oBgY893BLLSI+96kNDge8dddFwFRJeA0',
  },
  {
    shows: 'literals in four streams, sizes of 14 bits',
    content: lines(300),
    base64:
      'KLUv/QRodRwAqlkkChGwV3J9BDFJIHbLiojUhTgyCKAAmgCcAByesgenjzB89YQnJKTyEBThyiGzhlxGQyzuK4ImRD1+mDgEb8rhiLBHUu9D' +
      'hzRPTN4a7Hsqu1QirxeVyxXZVsqesYa5yk7oZRg6IYdn1MGZMGdpCCKnGhco2g2UEDPFZdV84pg0r8HuMhceGydafMLCNOInivWaOzTeskg1' +
      'oyaaTEoiDVJjOpd3rol2/rDBJsMXFgUAhICBg4AQIGBAUBAzw3LowRMypaQRekeM7nW9aOVnxVl9VbZQCYelhZc4QyXIGfNUGWYk2zHG4vSB' +
      'CzOLymb0zYw52BNHJwnXmE2CNMXCqo4eFoX94iVkhaviSMU7zUKaPMicmcu4WxhCWxNthZ+ZKnUW3saEEB76nQjDCd4wTBNmmAkeWYSIJReJ' +
      'CZlkcawiKkX3pLvklyDavJf84x+kcTL8kPcTLAMvmoVSxukXjdjMvXm6GG66baGa7TAJHylE5EuskESr0eoKKvwTN9IjKGzDU2L+PGIUW6Yz' +
      'cbKZlYiD+piOeIQdjTgtN59qgiMMg4yERyQEXeiFRKhl7Mp0ikMmI1koiMW5ROVa/P3j3/h6343/uQdap0R4UCZGRoLUI2QRwzo2brhnyMhi' +
      'VXgUQsqxgsV13A8SDjF2g+p7dFADAI+QMDk/ccnhK1fGvdk1kRCLmcszsmMpRxgbzTXthBEZUSfS4eV1SAi30NIQRAnWhIGScINMiPnicmv+' +
      'cXya72AvMq/H3on+T7imiX4SXx9BHEHeESKNQAZFiyAVIw2xxthzsXTuTdidLcNaNt3w+RZZwbWmD5SG6EtFNOLuaFoGG9o6QXVzqB9DmQgl' +
      'c3oKymeKLSsmz49hRAGCVqgiUPT8vgESd6EDEiAY4I8B2Etvt7vblTguaO68aqf2V11xKr8G4k46wBIpAEMEmCpgvKWS66l6az3VcT1ZfGX3' +
      'e5bt+u9+X9dvYWLa7/ZNhrduPSZrb79rT/I4R63z8/n8fD672XGkry6/8u98X12u9WVd76qo2q1TPVXr3p6ur9r9V/ffiCmryn070umVuv/K' +
      '/TspyZW6/+r9W3K3omK1bWRnYHCxtF3sLra9+m5vS9dX7b6r90fEFFftnh1t9SfVWGoh6dhUCFRHHBOBkjADz+71XVne/tPK19fgmAcmtQAB' +
      'RICpBiQdNVTuO3BS02d5QqH0+/39W2N9yAWHVh9kXD8=',
  },
  {
    shows: 'literals in four streams, with the code of the block before',
    content: lines(600),
    base64:
      'KLUv/QRoNAkA9lYvENBXDlSgC46RMiUpUwosUYwuACgAKACvYHDVk0x5fcx+hkiKJY3TjkhiE5fU6VJfWYTzqsRMG6eHFgBEYHAIREBgIBQC' +
      '0teM+ioVcqoQUqu3jFueDkkj1pKR0c1IlMI1n2R1Gm8cceWbxs2S5vPIhoqykUqYny9WYZl6kMJ9N7Y9NRK+6o1ljpSY+RTxNKIPTd+sFaG0' +
      'aUYnl7nNmEKT7kPh91PQWPLR2QeJW4/pUq2W6HJFjVOmXCYL3REBgLGoEHDmfQOwGToQkAE9Q/CN4BUNmFOQfAOdJzPhclPhMQTpBvoMKeeN' +
      'KHlH8IbwHcoBoOF97DHAjIf7Es/RYnHRFxrGeQAJGG49zMqVqs8AMg+NO8eSglJ1BsFosKVBR8c9eLdT9AkA9x02NQA1ADQAnE4MjTcSF8Vm' +
      'yuSe4Hv64ivrS9GkT6tOLD9UU2dWFhHqqzjZpBgXcYSnc3FUY9jgPI2qmArVzsSqsGbkVESZGkkXI+MHhUtiH8akHu9l6uzVysvQ9K81J3JU' +
      '6ZwcQq16F8WKuKbkjLJULfGXdQfZ15y6WRqq4kicCtFMLkXU1UT6khg3yFMR69AhNcN9TEVvVrKMlv+sXci/0SnZpaJU3YzEPzSZPRqWzvZr' +
      'VXssl5y5iTSq4ehcRWjeR5H0tJC2xOKqc8pVQobMDMVnGpptFcvngLGoECDkA6DdNxAggSHhfINvhgwVjbLrhSec+cHOMMXAN0KIECNExU+L' +
      'W8+QQ6kQfKZZJSxeLT2+JICmiSQkFp1ouD6hyXjRV77pRV/5phc9ld50BuCogEkBnAED4Aj2nQEBXRMA979xcABwAHAA/DQ2tT0qVzebNeFn' +
      'eDqR8xE7EqlPDymhl1GtjMslxIhZVkWOTJjmW81QcK5sbgepr29xluJP8SQy62M7JFSvLlJEE0r1Mqb40JBQxGLWqEcqTH9WNRzHpc1uIf01' +
      'Ts5Tgqa9iaKluS0SiqdOUqwRBqZYPa9lIT0/sfgh6V1HyC9FlXQnhkhrLK+iimslZcyMKWiuidFwE/F8j5PsXrC9mK6fLb9IUqdD5AlJFXUr' +
      'ishrYt6oSwQ7dUyNORpXxWjOhDzj5UTbJ+wvUZfuVlBLU6vD8ghRFWVTJJGFZf6ojUR2a8N7SPQiNydRRiP9iVahvY2Sil0vqZaFVeXMxGmI' +
      'M6PoLDLfD5b4Y7zl+C4SqczVycrQUL+iKdEmlZKLI6hTrxg2xK84Ta4Z17HQvF9Y5JHynhPklkwVXYmuFA3lU1RlbaRUsrEEfWoxGT4kPN0d' +
      'AH7D0mW10N8aSXlqyLRsoaqqzFUiDM+cojgTpOk2Yn8UL9luBqUf83Uq/RVLkqmJPqkhKlcVmZdjqBG7LKIdcbjmXHkqSHc2ZI8kL9p2CuWf' +
      '6Et0Bq2tSapmfaSKKJwqySwuQ4/YZhL9SMz1vQp3DIFiqBEgIP4Rb1TGAxEgBAhCIPIDZjJEa5WIBaHFD3OcNxHDTtDs+mfJMyE5TE1JsAN6' +
      'Z6pOFtAQHfJmtSqBdM4oKfW4gDREYzpbt2gCRmzBm2cHiEfdgxhriEaQwp854vCt7a4bZQXLIQCaTujiUTHsKNpwaI45nH0IMQ5oa/GzyTOB' +
      'PMStarddSoY3O0sGmNVArYJA9Dk7wHPsQ4ij2ekpA9DATAs=',
  },
];
